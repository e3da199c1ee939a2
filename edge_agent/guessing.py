"""Slowing a reader that keeps bringing unknown codes. Known codes are never slowed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

__all__ = ["GuessGuard"]


@dataclass(slots=True)
class _Reader:
    answered: deque[float] = field(default_factory=deque)
    passed_over: int = 0


class GuessGuard:
    """Answers up to `burst` unknown codes of a reader within `window_s`; beyond that one every `slow_s` seconds.

    What is passed over is counted, neither recorded nor answered: nobody learns anything from it, and a babbling
    scanner cannot fill the ledger.
    """

    def __init__(self, *, burst: int = 20, window_s: float = 60.0, slow_s: float = 1.0) -> None:
        self._burst = burst
        self._window_s = window_s
        self._slow_s = slow_s
        self._readers: dict[str, _Reader] = {}

    def is_answered(self, reader: str, monotonic: float) -> bool:
        """Whether an unknown code that this reader brings now is answered."""
        state = self._readers.setdefault(reader, _Reader())
        while state.answered and monotonic - state.answered[0] > self._window_s:
            state.answered.popleft()
        if len(state.answered) >= self._burst and monotonic - state.answered[-1] < self._slow_s:
            state.passed_over += 1
            return False
        state.answered.append(monotonic)
        return True

    def take_passed_over(self, reader: str) -> int:
        """How many codes were passed over since the last call."""
        state = self._readers.setdefault(reader, _Reader())
        count, state.passed_over = state.passed_over, 0
        return count
