"""Which camera frames are worth decoding: those where something changed, within a bounded share of time.

Looks at a thumbnail only. Noise averages out in it, so a noisy frame neither counts as change nor reaches the
decoder, which takes longest to find nothing in noise.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import cv2
import numpy as np

__all__ = ["FrameGate", "Verdict"]

THUMBNAIL = (160, 90)
PIXEL_STEP = 22
"""Grey levels by which a thumbnail pixel must differ; sensor noise of sigma 20 stays below."""
CHANGED_SHARE = 0.004
"""Share of thumbnail pixels that must differ: a card that fills 1/15 of the width and height does."""
NOISE_RATIO = 0.12
"""Variance kept by averaging 4x4 pixels: 1/16 for pure noise, over 0.25 for codes of two pixels a module."""


class Verdict(Enum):
    """What to do with a frame."""

    DECODE = auto()
    STILL = auto()  # nothing changed since the last decoded frame: what was in view then still is
    SKIP = auto()  # noise, or the decoder has had its share


@dataclass(slots=True)
class FrameGate:
    """Feed every frame to `judge`; after a DECODE report to `decoded`. Times are seconds on any steady clock."""

    settle_s: float = 1.5
    """Goes on decoding this long after the last change: hands shake, cameras focus."""
    heartbeat_s: float = 1.0
    """Decodes an unchanged scene this often, in case only the focus changed."""
    share: float = 0.25
    """Largest share of time spent on decodes that find nothing."""
    _reference: Any = None
    _active_until: float = field(default=float("-inf"))
    _not_before: float = field(default=float("-inf"))
    _decoded_at: float = field(default=float("-inf"))

    def judge(self, frame: Any, now: float) -> Verdict:
        """Whether to decode this BGR or grey frame."""
        thumbnail = _thumbnail(frame)
        is_changed = self._reference is None or _differs(thumbnail, self._reference)
        if is_changed:
            self._active_until = now + self.settle_s
        is_due = now < self._active_until or now - self._decoded_at >= self.heartbeat_s
        if not is_due:
            return Verdict.STILL
        if now < self._not_before:
            return Verdict.SKIP if is_changed else Verdict.STILL
        if _is_noise(frame):
            return Verdict.SKIP
        self._reference = thumbnail
        return Verdict.DECODE

    def decoded(self, *, took_s: float, has_found: bool, now: float) -> None:
        """The frame judged DECODE has been decoded, ending `now`."""
        self._decoded_at = now
        share = 0.5 if has_found else self.share
        self._not_before = now + min(took_s * (1 / share - 1), 2.0)


def _thumbnail(frame: Any) -> Any:
    small = cv2.resize(frame, THUMBNAIL, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY) if small.ndim == 3 else small


def _differs(one: Any, other: Any) -> bool:
    changed = int(np.count_nonzero(cv2.absdiff(one, other) > PIXEL_STEP))
    return bool(changed >= CHANGED_SHARE * one.size)


def _is_noise(frame: Any) -> bool:
    plane = np.ascontiguousarray(frame[:, :, 1]) if frame.ndim == 3 else frame
    height, width = plane.shape
    if min(height, width) < 32:
        return False
    averaged = cv2.resize(plane, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    variance = float(plane[::4, ::4].var())
    return bool(variance > 100 and float(averaged.var()) < NOISE_RATIO * variance)
