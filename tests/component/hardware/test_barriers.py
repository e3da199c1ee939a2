"""Barriers over a real pty: each contact that closes is one report, and one that cannot be seen is lost."""

import queue
import sys
import threading
from collections.abc import Iterator

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from hardware.api import Passage, ReaderState
from hardware.errors import ReaderConfigError, ReaderLost
from hardware.loader import load_barrier
from hardware.modbus_barrier import crc16, input_question
from hardware.simulated import SimulatedInputBoard
from hardware.supervisor import ReaderSupervisor


@pytest.fixture
def board() -> Iterator[SimulatedInputBoard]:
    with SimulatedInputBoard() as board:
        yield board


class Watch:
    """A supervised barrier and what it says."""

    def __init__(self, **table: object) -> None:
        self.barrier = load_barrier({"name": "turnstile", **table})
        self.reports: queue.SimpleQueue[Passage] = queue.SimpleQueue()
        self.states: queue.SimpleQueue[ReaderState] = queue.SimpleQueue()
        self.supervisor = ReaderSupervisor(
            self.barrier,
            on_read=self.reports.put,
            on_state=lambda name, state: self.states.put(state),
            kind="barrier",
            retry_s=0.01,
            max_retry_s=0.05,
        )
        self.supervisor.start()

    def wait_for(self, state: ReaderState) -> None:
        while self.states.get(timeout=10) is not state:
            pass

    def close(self) -> None:
        self.supervisor.stop()


@pytest.fixture
def watch(board: SimulatedInputBoard) -> Iterator[Watch]:
    watch = Watch(driver="modbus", port=board.port, passed_input=1, not_passed_input=2)
    watch.wait_for(ReaderState.READY)
    yield watch
    watch.close()


def test_the_frames_are_those_of_the_standard() -> None:
    """The request of the protocol's own example, and a checksum that is known."""
    assert input_question(1) == bytes.fromhex("01020000000879CC")
    assert crc16(bytes.fromhex("010300000001")) == bytes.fromhex("840A")


def test_a_contact_that_closes_is_one_report(board: SimulatedInputBoard, watch: Watch) -> None:
    """Closed for long is no second one; each input has its own word."""
    board.wait_for_look()
    board.set(1, is_closed=True)
    assert watch.reports.get(timeout=10) is Passage.PASSED
    board.wait_for_look()
    board.set(1, is_closed=False)
    board.pulse(2)
    assert watch.reports.get(timeout=10) is Passage.NOT_PASSED
    board.pulse(1)
    assert watch.reports.get(timeout=10) is Passage.PASSED
    assert watch.reports.empty()


def test_how_the_contacts_stand_at_first_says_nothing(board: SimulatedInputBoard) -> None:
    """A door that stands open when the agent starts has let nobody in."""
    board.set(1, is_closed=True)
    watch = Watch(driver="modbus", port=board.port)
    watch.wait_for(ReaderState.READY)
    board.wait_for_look()
    board.set(1, is_closed=False)
    board.wait_for_look()
    board.pulse(1)
    assert watch.reports.get(timeout=10) is Passage.PASSED
    assert watch.reports.empty()
    watch.close()


def test_a_normally_closed_contact_reports_when_it_opens(board: SimulatedInputBoard) -> None:
    """A door contact is closed while the door is."""
    board.set(3, is_closed=True)
    watch = Watch(driver="modbus", port=board.port, passed_input=3, normally_closed=True)
    watch.wait_for(ReaderState.READY)
    board.wait_for_look()
    board.set(3, is_closed=False)
    assert watch.reports.get(timeout=10) is Passage.PASSED
    watch.close()


@pytest.mark.parametrize("way", ["silent", "unplugged"])
def test_a_board_that_cannot_be_seen_is_lost_and_comes_back(board: SimulatedInputBoard, watch: Watch, way: str) -> None:
    """It does not pass for a barrier through which nobody went: the newest look stays where it was."""
    board.wait_for_look()
    board.fall_silent() if way == "silent" else board.unplug()
    watch.wait_for(ReaderState.LOST)
    seen_at = watch.barrier.seen_at
    board.fall_silent(False)
    board.replug()
    watch.wait_for(ReaderState.READY)
    board.wait_for_look()
    board.wait_for_look()
    assert watch.barrier.seen_at > seen_at
    board.pulse(1)
    assert watch.reports.get(timeout=10) is Passage.PASSED


def test_a_report_comes_before_the_look_counts(board: SimulatedInputBoard) -> None:
    """Whoever sees how new the look is has been told everything up to it."""
    barrier = load_barrier({"name": "turnstile", "driver": "modbus", "port": board.port})
    barrier.open()
    stop = threading.Event()
    reports = barrier.reads(stop)
    threading.Timer(0.05, board.set, (1,), {"is_closed": True}).start()
    before = barrier.seen_at
    assert next(reports) is Passage.PASSED
    told_at = barrier.seen_at
    stop.set()
    assert next(reports, None) is None
    assert before < told_at < barrier.seen_at
    barrier.close()


def test_a_wrong_table_says_what_to_write() -> None:
    """As with readers and relays."""
    with pytest.raises(ReaderConfigError, match='"driver" must be one of "modbus", "gpio"'):
        load_barrier({"name": "turnstile", "driver": "magic"})
    with pytest.raises(ReaderConfigError, match="a whole number from 1 to 8"):
        load_barrier({"name": "turnstile", "driver": "modbus", "port": "/dev/x", "passed_input": 9})
    with pytest.raises(ReaderLost):
        load_barrier({"name": "turnstile", "driver": "modbus", "port": "/dev/there-is-none"}).open()


def test_gpio_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is optional."""
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    barrier = load_barrier({"name": "turnstile", "driver": "gpio", "passed_pin": 17})
    with pytest.raises(ReaderConfigError, match="raspberry-pi"):
        barrier.open()


def test_a_gpio_barrier_watches_its_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulled to ground is closed."""
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    pin = factory.pin(17)
    barrier = load_barrier({"name": "turnstile", "driver": "gpio", "passed_pin": 17})
    barrier.open()
    stop = threading.Event()
    reports = barrier.reads(stop)
    threading.Timer(0.1, pin.drive_low).start()
    assert next(reports) is Passage.PASSED
    barrier.close()
