"""Relays: released by themselves, whatever happens to the one who pulsed them."""

import sys
import time
from collections.abc import Callable, Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from hardware.api import Relay
from hardware.errors import ReaderConfigError, RelayLost
from hardware.loader import load_relay
from hardware.serial_relay import relay_frame
from hardware.simulated import SimulatedRelayBoard
from hardware.simulated.pty_line import PtyLine
from tests.patience import fastest, wait_until


@pytest.fixture
def board() -> Iterator[SimulatedRelayBoard]:
    with SimulatedRelayBoard() as board:
        yield board


@pytest.fixture
def relay(board: SimulatedRelayBoard) -> Iterator[Relay]:
    relay = load_relay({"name": "door", "driver": "serial", "port": board.port})
    relay.open()
    yield relay
    relay.close()


def wait_for(condition: Callable[[], bool]) -> None:
    wait_until(condition)


def test_the_frames_are_those_of_the_leaflet() -> None:
    assert relay_frame(1, True) == bytes.fromhex("A00101A2")
    assert relay_frame(1, False) == bytes.fromhex("A00100A1")
    assert relay_frame(8, True) == bytes.fromhex("A00801A9")


def test_a_pulse_returns_at_once_and_ends_by_itself(board: SimulatedRelayBoard, relay: Relay) -> None:
    calls_s: list[float] = []

    def pulse() -> float:
        before = len(board.events)
        started_at = time.monotonic()
        relay.pulse(0.2)
        calls_s.append(time.monotonic() - started_at)
        wait_for(lambda: len(board.events) == before + 2)
        on, off = board.events[-2:]
        assert (on.is_on, off.is_on) == (True, False)
        return off.at - on.at

    assert fastest(pulse, limit=0.4) > 0.1
    assert min(calls_s) < 0.1


def test_of_two_pulses_that_overlap_the_later_end_counts(board: SimulatedRelayBoard, relay: Relay) -> None:
    relay.pulse(0.8)
    relay.pulse(0.1)
    wait_for(lambda: len(board.events) == 2)
    assert board.events[1].at - board.events[0].at > 0.7
    relay.pulse(0.4)
    relay.pulse(0.9)
    wait_for(lambda: len(board.events) == 4)
    assert board.events[3].at - board.events[2].at > 0.8


def test_closing_in_the_middle_of_a_pulse_releases_the_door(board: SimulatedRelayBoard, relay: Relay) -> None:
    relay.pulse(30)
    wait_for(lambda: board.is_on)
    relay.close()
    wait_for(lambda: not board.is_on)
    relay.close()


def test_opening_releases_what_a_killed_process_left_on(board: SimulatedRelayBoard) -> None:
    killed = load_relay({"name": "door", "driver": "serial", "port": board.port})
    killed.open()
    killed.pulse(30)
    wait_for(lambda: board.is_on)
    load_relay({"name": "door", "driver": "serial", "port": board.port}).open()
    wait_for(lambda: not board.is_on)
    killed.close()


def test_an_unplugged_board_is_lost_and_a_replugged_one_works_without_opening(
    board: SimulatedRelayBoard, relay: Relay
) -> None:
    board.unplug()
    with pytest.raises(RelayLost):
        relay.pulse(0.1)
    board.replug()
    relay.pulse(0.1)
    wait_for(lambda: [event.is_on for event in board.events] == [True, False])


def test_a_board_that_is_not_there_is_lost() -> None:
    with pytest.raises(RelayLost):
        load_relay({"name": "door", "driver": "serial", "port": "/dev/ttyUSB-not-there"}).open()


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_pulse_without_length_is_refused_and_does_not_switch(
    board: SimulatedRelayBoard, relay: Relay, seconds: float
) -> None:
    with pytest.raises(ValueError, match="longer than 0"):
        relay.pulse(seconds)
    time.sleep(0.1)
    assert board.events == []


def test_the_simulated_board_ignores_what_is_no_frame(board: SimulatedRelayBoard) -> None:
    with open(board.port, "wb", buffering=0) as near:
        near.write(b"\x00\xa0" + b"\xa0\x01\x01\xff" + relay_frame(3, True))
        wait_for(lambda: bool(board.events))
    assert [(event.channel, event.is_on) for event in board.events] == [(3, True)]


def test_a_gpio_relay_without_gpiozero_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(ReaderConfigError, match="needs the package gpiozero"):
        load_relay({"name": "door", "driver": "gpio", "pin": 17}).open()


def test_a_gpio_relay_pulses_its_pin(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    relay = load_relay({"name": "door", "driver": "gpio", "pin": 17, "active_high": False})
    relay.open()
    pin = factory.pin(17)
    assert pin.state == 1
    relay.pulse(0.1)
    assert pin.state == 0
    wait_for(lambda: pin.state == 1)
    relay.close()


def test_a_line_without_power_is_read_as_silence() -> None:
    with PtyLine() as line:
        line.unplug()
        assert line.read(0.01) == b""
        assert line.write(b"x") == 0
