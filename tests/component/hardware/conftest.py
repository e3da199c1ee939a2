"""What the hardware tests share: a supervised reader that a test can wait on."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from hardware.api import Read, Reader, ReaderState
from hardware.loader import load_reader
from hardware.supervisor import ReaderSupervisor
from tests.patience import PATIENCE_S


class Watched:
    """A supervised reader with everything it said. Waits end as soon as what is waited for has come."""

    def __init__(self, reader: Reader) -> None:
        self.reads: list[Read] = []
        self.states: list[ReaderState] = []
        self._news = threading.Condition()
        self._supervisor = ReaderSupervisor(
            reader, on_read=self._on_read, on_state=self._on_state, retry_s=0.01, max_retry_s=0.02
        )

    def start(self) -> None:
        self._supervisor.start()
        self.wait(lambda: ReaderState.STARTING not in self.states[-1:])

    def stop(self) -> float:
        """Stop; the seconds it took."""
        started_at = time.monotonic()
        self._supervisor.stop(PATIENCE_S)
        return time.monotonic() - started_at

    @property
    def state(self) -> ReaderState:
        return self._supervisor.state

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(condition, PATIENCE_S), (self.states, [read.data[:40] for read in self.reads])

    def wait_reads(self, count: int) -> list[Read]:
        self.wait(lambda: len(self.reads) >= count)
        return self.reads

    def wait_state(self, state: ReaderState) -> float:
        """The seconds it took."""
        started_at = time.monotonic()
        self.wait(lambda: self.state is state)
        return time.monotonic() - started_at

    def _on_read(self, read: Read) -> None:
        with self._news:
            self.reads.append(read)
            self._news.notify_all()

    def _on_state(self, name: str, state: ReaderState) -> None:
        with self._news:
            self.states.append(state)
            self._news.notify_all()


@contextmanager
def _watched(table: dict[str, Any]) -> Iterator[Watched]:
    reader = Watched(load_reader(table))
    reader.start()
    try:
        yield reader
    finally:
        reader.stop()


@pytest.fixture(scope="session")
def watch() -> Callable[[dict[str, Any]], AbstractContextManager[Watched]]:
    """`with watch(table) as reader:` runs the reader of a table."""
    return _watched
