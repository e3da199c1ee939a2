"""Those who guess enrolment codes: growing waits per network address, and an alarm when many codes were wrong.

Kept in memory: a restart forgives. Time comes in as an argument (monotonic seconds).
"""

from __future__ import annotations

from collections import deque
from threading import Lock

from server.errors import TooManyAttempts
from server.staff.throttle import LoginThrottle

__all__ = ["ALARM_AFTER", "ALARM_WITHIN_S", "EnrolmentGuesses"]

ALARM_AFTER = 20
ALARM_WITHIN_S = 600.0


class EnrolmentGuesses:
    """After five wrong codes an address waits, each time twice as long, up to a minute. Safe in several threads."""

    def __init__(self) -> None:
        self._throttle = LoginThrottle(free=5, max_wait_s=60)
        self._wrong_at: deque[float] = deque(maxlen=ALARM_AFTER)
        self._lock = Lock()

    def take(self, address: str, *, now: float) -> None:
        """Counts a code as wrong, until it is known to be right. Raises `TooManyAttempts` while the address waits."""
        if wait_s := self._throttle.take(address, now=now):
            raise TooManyAttempts(wait_s)

    def was_wrong(self, *, now: float) -> bool:
        """The code was wrong; True when that makes so many, from wherever, that staff must hear of it."""
        with self._lock:
            self._wrong_at.append(now)
            is_alarming = len(self._wrong_at) == ALARM_AFTER and now - self._wrong_at[0] <= ALARM_WITHIN_S
            if is_alarming:
                self._wrong_at.clear()
        return is_alarming

    def was_right(self, address: str) -> None:
        """Forgets the address's wrong codes."""
        self._throttle.succeeded(address)
