"""The supervisor's promises on a reader made of instructions: states, one log line a change, nothing kills it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from hardware.api import Read, ReaderState, Technology
from hardware.errors import ReaderLost
from hardware.supervisor import ReaderSupervisor
from tests.patience import PATIENCE_S

SECRET = b"SECRET-CODE-4711"


@dataclass
class FakeReader:
    """Goes through `lives`: each is what happens from one open to the next."""

    lives: list[str]
    name: str = "fake"
    technology: Technology = Technology.BARCODE
    opened: int = 0
    closed: int = 0
    life: str = ""
    read: Read = field(
        default_factory=lambda: Read(
            reader="fake", technology=Technology.BARCODE, data=SECRET, symbology=None, read_at=0.0
        )
    )

    def open(self) -> None:
        self.opened += 1
        self.life = self.lives.pop(0) if self.lives else "wait"
        if self.life == "no device":
            raise ReaderLost("cannot open it") from OSError(2, "No such file")

    def reads(self, stop: threading.Event) -> Iterator[Read]:
        yield self.read
        if self.life == "unplug":
            raise ReaderLost("went away") from OSError(5, "I/O error")
        if self.life == "bug":
            raise ValueError(SECRET.decode())
        if self.life == "over":
            return
        stop.wait()

    def close(self) -> None:
        self.closed += 1


class Door:
    """Records what the supervisor says, and lets a test wait for it."""

    def __init__(self) -> None:
        self.reads: list[Read] = []
        self.states: list[ReaderState] = []
        self._news = threading.Condition()

    def on_read(self, read: Read) -> None:
        with self._news:
            self.reads.append(read)
            self._news.notify_all()

    def on_state(self, name: str, state: ReaderState) -> None:
        with self._news:
            self.states.append(state)
            self._news.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, PATIENCE_S), (self.states, len(self.reads))


def supervised(reader: FakeReader, door: Door) -> ReaderSupervisor:
    return ReaderSupervisor(reader, on_read=door.on_read, on_state=door.on_state, retry_s=0.001, max_retry_s=0.001)


def test_a_reader_that_comes_and_goes_is_logged_once_each_way_and_never_with_what_it_read() -> None:
    reader, door = FakeReader(["unplug", *["no device"] * 5, "wait"]), Door()
    with capture_logs() as logs:
        supervisor = supervised(reader, door)
        supervisor.start()
        door.wait(lambda: len(door.reads) == 2)
        supervisor.stop()
    assert [entry["event"] for entry in logs] == ["reader_lost", "reader_back"]
    assert door.states == [
        ReaderState.STARTING,
        ReaderState.READY,
        ReaderState.LOST,
        ReaderState.READY,
        ReaderState.STOPPED,
    ]
    assert SECRET.decode() not in str(logs)


def test_a_reader_that_was_never_there_is_lost_and_said_once() -> None:
    reader, door = FakeReader(["no device"] * 20), Door()
    with capture_logs() as logs:
        supervisor = supervised(reader, door)
        supervisor.start()
        door.wait(lambda: bool(door.reads))
        supervisor.stop()
    assert [(entry["event"], entry.get("errno")) for entry in logs] == [("reader_lost", 2), ("reader_back", None)]


def test_an_exception_of_the_one_who_is_handed_a_read_does_not_stop_the_reader() -> None:
    reader, door = FakeReader(["unplug", "unplug", "wait"]), Door()

    def on_read(read: Read) -> None:
        door.on_read(read)
        raise ValueError(read.data)

    with capture_logs() as logs:
        supervisor = ReaderSupervisor(reader, on_read=on_read, on_state=door.on_state, retry_s=0.001, max_retry_s=0.001)
        supervisor.start()
        door.wait(lambda: len(door.reads) == 3)
        supervisor.stop()
    assert [entry["error"] for entry in logs if entry["event"] == "read_not_handled"] == ["ValueError"] * 3
    assert SECRET.decode() not in str(logs)


def test_an_exception_of_the_one_who_is_told_the_state_does_not_stop_the_reader() -> None:
    reader, door = FakeReader(["wait"]), Door()

    def on_state(name: str, state: ReaderState) -> None:
        raise RuntimeError("no screen")

    with capture_logs():
        supervisor = ReaderSupervisor(reader, on_read=door.on_read, on_state=on_state)
        supervisor.start()
        door.wait(lambda: len(door.reads) == 1)
        supervisor.stop()
    assert supervisor.state is ReaderState.STOPPED


def test_a_fault_in_a_driver_counts_as_lost_and_is_tried_again_without_quoting_the_error() -> None:
    reader, door = FakeReader(["bug", "wait"]), Door()
    with capture_logs() as logs:
        supervisor = supervised(reader, door)
        supervisor.start()
        door.wait(lambda: len(door.reads) == 2)
        supervisor.stop()
    assert "driver failed at" in logs[0]["reason"]
    assert SECRET.decode() not in str(logs)


def test_a_recording_that_is_over_stops_the_reader_quietly() -> None:
    reader, door = FakeReader(["over"]), Door()
    with capture_logs() as logs:
        supervised(reader, door).start()
        door.wait(lambda: ReaderState.STOPPED in door.states)
    assert logs == []
    assert (reader.opened, reader.closed) == (1, 1)


def test_every_open_is_followed_by_a_close() -> None:
    reader, door = FakeReader(["unplug"] * 50 + ["wait"]), Door()
    with capture_logs():
        supervisor = supervised(reader, door)
        supervisor.start()
        door.wait(lambda: len(door.reads) == 51)
        supervisor.stop()
    assert reader.closed == reader.opened == 51


@pytest.mark.parametrize("life", ["wait", "no device"])
def test_stopping_takes_no_longer_than_the_driver_needs(life: str) -> None:
    reader, door = FakeReader([life] * 1000), Door()
    with capture_logs():
        supervisor = ReaderSupervisor(reader, on_read=door.on_read, on_state=door.on_state, retry_s=30)
        supervisor.start()
        door.wait(lambda: len(door.states) >= 2)
        supervisor.stop(timeout_s=20)
    assert door.states[-1] is ReaderState.STOPPED
