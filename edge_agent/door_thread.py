"""The door's one thread: reads in order of arrival; in quiet moments the upkeep of ledger and relays."""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import structlog

from edge_agent.errors import LedgerFault
from edge_agent.ledger import SqliteLedger
from hardware.api import Read

__all__ = ["DoorThread"]

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

_MAX_WAITING = 256
_IDLE_S = 0.25
_RETRY_S = 1.0
_CHECKPOINT_AFTER_S = 2.0


class DoorThread:
    """Runs `handle` on each read, in order. `tick` is called between reads about four times a second.

    While the ledger cannot be used it is opened again every second; `on_storage_lost` is called once it fails.
    """

    def __init__(
        self,
        ledger: SqliteLedger,
        *,
        handle: Callable[[Read], object],
        tick: Callable[[], None] = lambda: None,
        on_storage_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._handle = handle
        self._tick = tick
        self._on_storage_lost = on_storage_lost
        self._reads: queue.Queue[Read | Callable[[], None]] = queue.Queue(_MAX_WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)
        self._is_storage_lost = False
        self._retry_at = 0.0
        self._busy_at = 0.0
        self._is_checkpointed = True
        self.beat_at = time.monotonic()
        """When the thread last showed that it lives."""

    def start(self) -> None:
        """Starts taking reads."""
        self._thread.start()

    def submit(self, read: Read) -> None:
        """Hands a read over, from any thread. A reader that brings more than a door can answer loses some."""
        try:
            self._reads.put_nowait(read)
        except queue.Full:
            _log.warning("read_dropped", reader=read.reader)

    def call(self, act: Callable[[], _T]) -> Future[_T]:
        """Has the door's thread do something between two reads, so that it races with none; from any thread."""
        future: Future[_T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(act())
                except Exception as error:
                    future.set_exception(error)

        try:
            self._reads.put_nowait(run)
        except queue.Full:
            future.set_exception(LedgerFault("the door has too much to do"))
        return future

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ends after the read in hand."""
        self._stop.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        next_tick = 0.0
        while not self._stop.is_set():
            self._take_one()
            self.beat_at = now = time.monotonic()
            if now >= next_tick:
                next_tick = now + _IDLE_S
                self._guarded(self._upkeep)
                self._guarded(self._tick)

    def _take_one(self) -> None:
        try:
            read = self._reads.get(timeout=_IDLE_S)
        except queue.Empty:
            return
        self._guarded(read if callable(read) else lambda: self._handle(read))
        self._busy_at, self._is_checkpointed = time.monotonic(), False

    def _upkeep(self) -> None:
        now = time.monotonic()
        if not self._ledger.is_usable:
            self._revive(now)
        elif not self._is_checkpointed and now - self._busy_at >= _CHECKPOINT_AFTER_S:
            self._is_checkpointed = True
            self._ledger.checkpoint()

    def _revive(self, now: float) -> None:
        if not self._is_storage_lost:
            self._is_storage_lost = True
            _log.error("storage_lost", alarm=True)
            self._on_storage_lost()
        if now < self._retry_at:
            return
        self._retry_at = now + _RETRY_S
        try:
            self._ledger.reopen()
        except LedgerFault:
            return
        self._is_storage_lost = False
        _log.info("storage_back", last_seq=self._ledger.last_seq)

    def _guarded(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:
            # The text of an unexpected error may hold what was read: only its place is logged.
            frames = traceback.extract_tb(error.__traceback__)
            origin = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
            _log.error("door_failed", alarm=True, error=type(error).__name__, origin=origin)
