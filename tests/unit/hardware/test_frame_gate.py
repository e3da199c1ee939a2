"""The gate lets change through, and neither idle scenes nor noise."""

from typing import Any

import cv2
import numpy as np
import pytest

from hardware.frame_gate import FrameGate, Verdict

RANDOM = np.random.default_rng(5)
WALL = np.clip(np.full((540, 960, 3), 120.0) + np.linspace(-30, 30, 960)[None, :, None], 0, 255)


def idle() -> Any:
    return np.clip(WALL + RANDOM.normal(0, 4, WALL.shape), 0, 255).astype(np.uint8)


def noise() -> Any:
    return RANDOM.integers(0, 256, WALL.shape, dtype=np.uint8)


def with_card() -> Any:
    frame = idle()
    cv2.rectangle(frame, (400, 200), (560, 300), (255, 255, 255), -1)
    return frame


def verdicts(gate: FrameGate, frames: list[Any], *, start: float, step: float = 0.1) -> list[Verdict]:
    """Judge frames `step` seconds apart, with decodes that take no time and find nothing."""
    seen = []
    for number, frame in enumerate(frames):
        now = start + number * step
        seen.append(gate.judge(frame, now))
        if seen[-1] is Verdict.DECODE:
            gate.decoded(took_s=0.0, has_found=False, now=now)
    return seen


def settled() -> FrameGate:
    gate = FrameGate(settle_s=1.0, heartbeat_s=5.0)
    verdicts(gate, [idle() for _ in range(15)], start=0.0)
    return gate


def test_an_idle_scene_with_sensor_noise_is_decoded_at_the_heartbeat_only() -> None:
    seen = verdicts(settled(), [idle() for _ in range(100)], start=1.5)
    assert seen.count(Verdict.DECODE) == 2
    assert seen.count(Verdict.STILL) == 98


def test_a_card_is_decoded_in_the_frame_in_which_it_appears_and_until_it_settles() -> None:
    seen = verdicts(settled(), [with_card() for _ in range(30)], start=1.5)
    assert seen[:10] == [Verdict.DECODE] * 10
    assert seen[12:30] == [Verdict.STILL] * 18


def test_taking_the_card_away_is_a_change_too() -> None:
    gate = settled()
    verdicts(gate, [with_card() for _ in range(20)], start=1.5)
    assert verdicts(gate, [idle()], start=4.0) == [Verdict.DECODE]


def test_pure_noise_never_reaches_the_decoder() -> None:
    assert Verdict.DECODE not in verdicts(settled(), [noise() for _ in range(80)], start=1.5)


def test_a_noisy_picture_of_a_card_does_reach_the_decoder() -> None:
    noisy = np.clip(with_card().astype(int) + RANDOM.normal(0, 25, WALL.shape), 0, 255).astype(np.uint8)
    assert verdicts(settled(), [noisy], start=1.5) == [Verdict.DECODE]


@pytest.mark.parametrize(("has_found", "share"), [(False, 0.25), (True, 0.5)])
def test_slow_decodes_take_no_more_than_their_share_of_the_time(has_found: bool, share: float) -> None:
    gate, now, spent = FrameGate(), 0.0, 0.0
    cards = [with_card(), idle()]
    while now < 30.0:
        if gate.judge(cards[int(now * 10) % 2], now) is Verdict.DECODE:
            now += 0.2
            spent += 0.2
            gate.decoded(took_s=0.2, has_found=has_found, now=now)
        now += 0.05
    assert 0.6 * share < spent / now <= share + 0.01
