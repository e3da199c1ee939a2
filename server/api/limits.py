"""How often a token may ask: a bucket that fills steadily, per token, kept in memory. Time comes in as an argument."""

from __future__ import annotations

import math
from collections import OrderedDict
from threading import Lock

from server.errors import TooManyAttempts

__all__ = ["RateLimit"]

_MAX_KEYS = 10_000


class RateLimit:
    """`per_minute` requests a minute, as many of them at once."""

    def __init__(self, per_minute: int) -> None:
        self._most, self._per_s = float(per_minute), per_minute / 60
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str, *, now: float) -> None:
        """Counts a request. Raises TooManyAttempts with the seconds until the next one is free."""
        with self._lock:
            left, at = self._left.get(key, (self._most, now))
            left = min(self._most, left + (now - at) * self._per_s)
            if left < 1:
                self._left[key] = (left, now)
                raise TooManyAttempts(max(1, math.ceil((1 - left) / self._per_s)))
            self._left[key] = (left - 1, now)
            self._left.move_to_end(key)
            while len(self._left) > _MAX_KEYS:
                self._left.popitem(last=False)
