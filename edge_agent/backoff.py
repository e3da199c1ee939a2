"""How long to wait before trying again: longer each time, never in step with other doors."""

from __future__ import annotations

from collections.abc import Callable
from random import random as _random

__all__ = ["Backoff"]


class Backoff:
    """Full jitter: between half and all of a delay that doubles from `first_s` to `last_s`."""

    def __init__(self, first_s: float, last_s: float, *, random: Callable[[], float] = _random) -> None:
        self._first_s = first_s
        self._last_s = last_s
        self._delay_s = first_s
        self._random = random

    def next_s(self) -> float:
        """The seconds to wait now."""
        delay_s, self._delay_s = self._delay_s, min(self._delay_s * 2, self._last_s)
        return delay_s * (0.5 + self._random() / 2)

    def reset(self) -> None:
        """After a success."""
        self._delay_s = self._first_s
