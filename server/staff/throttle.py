"""Growing delays after failures, per whatever key: an e-mail address (known or not), a network address, both.

An attempt counts as a failure from its beginning until it is known to be right: many at once get no more tries than one
after the other. Kept in memory and bounded: the oldest keys are forgotten first. Time comes in as an argument
(monotonic seconds).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

__all__ = ["LoginThrottle"]


@dataclass(slots=True)
class _Failures:
    count: int
    blocked_until: float
    before: float
    """Until when it was blocked before the last attempt."""


class LoginThrottle:
    """After `free` failures each further one doubles the wait, from 1 second up to `max_wait_s`."""

    def __init__(self, *, free: int = 3, max_wait_s: float = 300, max_keys: int = 20_000) -> None:
        self._free, self._max_wait_s, self._max_keys = free, max_wait_s, max_keys
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = Lock()

    def take(self, *keys: str, now: float, most_s: Mapping[str, float] | None = None) -> int:
        """Counts an attempt at each of the keys, and answers 0; while one of them has to wait, counts nothing and
        answers the whole seconds that are left. Keys in `most_s` wait so long at most."""
        with self._lock:
            if wait_s := max(self._wait_s(key, now) for key in keys):
                return wait_s
            for key in keys:
                self._count(key, now, (most_s or {}).get(key, self._max_wait_s))
            while len(self._failures) > self._max_keys:
                self._failures.popitem(last=False)
        return 0

    def give_back(self, *keys: str) -> None:
        """An attempt that counted was right, or none: it counts no longer, the failures before it do."""
        with self._lock:
            for key in keys:
                known = self._failures.get(key)
                if known is not None:
                    known.count, known.blocked_until = known.count - 1, known.before
                    if known.count <= 0:
                        del self._failures[key]

    def succeeded(self, *keys: str) -> None:
        """Forgets all failures of the keys."""
        with self._lock:
            for key in keys:
                self._failures.pop(key, None)

    def _wait_s(self, key: str, now: float) -> int:
        known = self._failures.get(key)
        return max(0, math.ceil(known.blocked_until - now)) if known else 0

    def _count(self, key: str, now: float, most_s: float) -> None:
        known = self._failures.setdefault(key, _Failures(0, now, now))
        known.count, known.before = known.count + 1, known.blocked_until
        extra = known.count - self._free
        known.blocked_until = now + (min(2.0 ** min(extra - 1, 30), most_s) if extra > 0 else 0)
        self._failures.move_to_end(key)
