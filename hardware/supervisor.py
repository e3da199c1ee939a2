"""Keeping one reader (or barrier) alive: a thread that opens it, hands on what it reads, and opens it again after it
was lost.

Logs when a reader goes and when it comes back, not in between, and never what was read.
"""

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

import structlog

from hardware.api import ReaderState
from hardware.errors import HardwareError

__all__ = ["ReaderSupervisor"]

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)


class Source(Protocol[_T_co]):
    """What readers and barriers have in common."""

    @property
    def name(self) -> str:
        """The configured name."""

    def open(self) -> None:
        """Take the device."""

    def reads(self, stop: threading.Event) -> Iterator[_T_co]:
        """Yield what it reads."""

    def close(self) -> None:
        """Give the device back."""


class ReaderSupervisor(Generic[_T]):
    """Runs `reader` in a thread of its own; `kind` is what the log calls it.

    `on_read` and `on_state` are called in that thread; an exception of theirs is logged, and reading goes on.
    Waits `retry_s` before opening again, doubling up to `max_retry_s` while the reader keeps failing within
    `steady_s` of being opened. A reader that ends by itself (a recording that is over) is STOPPED.
    """

    def __init__(
        self,
        reader: Source[_T],
        *,
        on_read: Callable[[_T], None],
        on_state: Callable[[str, ReaderState], None],
        kind: str = "reader",
        retry_s: float = 0.5,
        max_retry_s: float = 2.0,
        steady_s: float = 2.0,
    ) -> None:
        self._reader = reader
        self._on_read = on_read
        self._on_state = on_state
        self._kind = kind
        self._first_retry_s = retry_s
        self._max_retry_s = max(retry_s, max_retry_s)
        self._steady_s = steady_s
        self._retry_s = retry_s
        self._state = ReaderState.STOPPED
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> ReaderState:
        """The state last announced; STOPPED before the first start."""
        return self._state

    def start(self) -> None:
        """Start the thread. Starting a running supervisor does nothing."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name=f"{self._kind}-{self._reader.name}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ask the thread to end and wait for it, at most `timeout_s` seconds."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        self._enter(ReaderState.STARTING)
        while not self._stop.is_set():
            opened_at = time.monotonic()
            try:
                if self._serve():
                    break
            except HardwareError as error:
                self._lose(error, reason=str(error))
            except Exception as error:
                self._lose(error, reason=f"driver failed at {_origin(error)}")
            finally:
                self._close()
            self._back_off(time.monotonic() - opened_at)
        self._enter(ReaderState.STOPPED)

    def _serve(self) -> bool:
        """Open and read; True when the reader ended by itself or was asked to stop."""
        self._reader.open()
        if self._state is ReaderState.LOST:
            _log.info(f"{self._kind}_back", reader=self._reader.name)
        self._enter(ReaderState.READY)
        for read in self._reader.reads(self._stop):
            self._hand_on(read)
        return True

    def _hand_on(self, read: _T) -> None:
        try:
            self._on_read(read)
        except Exception as error:
            # The text of the error and its traceback may hold what was read: only the place is logged.
            _log.error(
                "read_not_handled",
                reader=self._reader.name,
                error=type(error).__name__,
                origin=_origin(error),
            )

    def _lose(self, error: Exception, *, reason: str) -> None:
        if self._state is ReaderState.LOST:
            return
        cause = error.__cause__
        _log.warning(
            f"{self._kind}_lost",
            reader=self._reader.name,
            reason=reason,
            error=type(error).__name__ if cause is None else type(cause).__name__,
            errno=getattr(cause, "errno", None),
        )
        self._enter(ReaderState.LOST)

    def _back_off(self, lived_s: float) -> None:
        if lived_s >= self._steady_s:
            self._retry_s = self._first_retry_s
        self._stop.wait(self._retry_s)
        self._retry_s = min(self._retry_s * 2, self._max_retry_s)

    def _close(self) -> None:
        with contextlib.suppress(Exception):
            self._reader.close()

    def _enter(self, state: ReaderState) -> None:
        if state is self._state and state is not ReaderState.STARTING:
            return
        self._state = state
        try:
            self._on_state(self._reader.name, state)
        except Exception as error:
            _log.error(
                "state_not_handled",
                reader=self._reader.name,
                error=type(error).__name__,
                origin=_origin(error),
            )


def _origin(error: BaseException) -> str:
    """File and line where the error arose."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "unknown"
