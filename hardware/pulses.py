"""The timing that every relay shares: on now, off by itself, the later end counts when pulses overlap."""

import threading
import time
from collections.abc import Callable

__all__ = ["PulseTimer"]


class PulseTimer:
    """Calls `switch_on` at once and `switch_off`, in a thread of its own, when the last pulse is over.

    One lock holds both calls and the end of the pulse together, so that a pulse begun while another ends cannot
    be lost, and none can stay on. Thread-safe.
    """

    def __init__(self, switch_on: Callable[[], None], switch_off: Callable[[], None]) -> None:
        self._switch_on = switch_on
        self._switch_off = switch_off
        self._lock = threading.Lock()
        self._ends_at = 0.0
        self._timer: threading.Timer | None = None

    def pulse(self, seconds: float) -> None:
        """Switch on for `seconds`. Raises ValueError unless that is more than 0, and what `switch_on` raises."""
        if not seconds > 0:
            raise ValueError("a pulse lasts longer than 0 seconds")
        with self._lock:
            self._switch_on()
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
        timer = threading.Timer(max(0.0, self._ends_at - time.monotonic()), self._end)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError:  # no more threads: better a short pulse than a door that stays open
            self._switch_off()
            raise
        self._timer = timer

    def _end(self) -> None:
        with self._lock:
            if self._timer is not threading.current_thread():
                return
            self._timer = None
            if self._ends_at > time.monotonic():
                self._wait()
            else:
                self._switch_off()
