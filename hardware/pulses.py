"""The timing that every relay shares: on now, off by itself, the later end counts when pulses overlap."""

import threading
import time
from collections.abc import Callable

__all__ = ["PulseTimer"]


class PulseTimer:
    """Calls `switch_off` in a thread of its own when the last pulse is over. Thread-safe."""

    def __init__(self, switch_off: Callable[[], None]) -> None:
        self._switch_off = switch_off
        self._lock = threading.Lock()
        self._ends_at = 0.0
        self._timer: threading.Timer | None = None

    def extend(self, seconds: float) -> None:
        """Let the pulse under way end no sooner than `seconds` from now. Raises ValueError unless positive."""
        if not seconds > 0:
            raise ValueError("a pulse lasts longer than 0 seconds")
        with self._lock:
            self._ends_at = max(self._ends_at, time.monotonic() + seconds)
            if self._timer is None:
                self._wait()

    def cancel(self) -> None:
        """Forget the pulse under way without switching."""
        with self._lock:
            self._ends_at = 0.0
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            if timer is not threading.current_thread():
                timer.join(2)

    def _wait(self) -> None:
        self._timer = threading.Timer(max(0.0, self._ends_at - time.monotonic()), self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        with self._lock:
            if self._timer is not threading.current_thread():
                return
            if self._ends_at > time.monotonic():
                self._wait()
                return
            self._timer = None
            self._switch_off()
