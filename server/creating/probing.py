"""Staff who ask about many addresses: each answer says a little of what other organizations know, so they are counted.

Kept in memory: a restart forgives. Time comes in as an argument (monotonic seconds).
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from threading import Lock
from typing import Final

from server.errors import TooManyAttempts

__all__ = ["MOST", "WITHIN_S", "Probes"]

MOST: Final = 60
WITHIN_S: Final = 3600.0
_MOST_KEYS: Final = 5_000


class Probes:
    """So many addresses an hour for each staff member, and thrice as many for all of an organization's together."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def ask(self, staff_id: str, organization_id: str, *, now: float) -> None:
        """Counts one address. Raises TooManyAttempts when it is one too many."""
        limits = {f"staff:{staff_id}": MOST, f"organization:{organization_id}": 3 * MOST}
        with self._lock:
            waits = [self._wait_s(key, most, now) for key, most in limits.items()]
            if max(waits) > 0:
                raise TooManyAttempts(max(waits))
            for key in limits:
                self._asked.setdefault(key, deque()).append(now)
                self._asked.move_to_end(key)
            while len(self._asked) > _MOST_KEYS:
                self._asked.popitem(last=False)

    def _wait_s(self, key: str, most: int, now: float) -> int:
        asked = self._asked.get(key, deque())
        while asked and asked[0] <= now - WITHIN_S:
            asked.popleft()
        return math.ceil(asked[0] + WITHIN_S - now) if len(asked) >= most else 0
