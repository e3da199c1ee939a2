"""Growing delays after failures, per whatever key: an e-mail address (known or not), a network address, both.

Kept in memory and bounded: the oldest keys are forgotten first. Time comes in as an argument (monotonic seconds).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

__all__ = ["LoginThrottle"]


@dataclass(slots=True)
class _Failures:
    count: int
    blocked_until: float


class LoginThrottle:
    """After `free` failures each further one doubles the wait, from 1 second up to `max_wait_s`."""

    def __init__(self, *, free: int = 3, max_wait_s: float = 300, max_keys: int = 20_000) -> None:
        self._free, self._max_wait_s, self._max_keys = free, max_wait_s, max_keys
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = Lock()

    def wait_s(self, key: str, *, now: float) -> int:
        """Whole seconds until the key may try again; 0 when it may now."""
        with self._lock:
            known = self._failures.get(key)
            return max(0, math.ceil(known.blocked_until - now)) if known else 0

    def failed(self, key: str, *, now: float, max_wait_s: float | None = None) -> None:
        """Count a failure; this key waits `max_wait_s` at most."""
        most_s = self._max_wait_s if max_wait_s is None else max_wait_s
        with self._lock:
            known = self._failures.setdefault(key, _Failures(0, now))
            known.count += 1
            extra = known.count - self._free
            known.blocked_until = now + (min(2.0 ** min(extra - 1, 30), most_s) if extra > 0 else 0)
            self._failures.move_to_end(key)
            while len(self._failures) > self._max_keys:
                self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the key's failures."""
        with self._lock:
            self._failures.pop(key, None)
