"""How tests wait: for a condition, never for a time, and long: the limit only ends a test that has failed anyway."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

__all__ = ["PATIENCE_S", "fastest", "wait_until"]

PATIENCE_S = 60.0
"""Longer than anything takes on a slow machine that others use too."""


def wait_until(is_so: Callable[[], Any], timeout_s: float = PATIENCE_S, *, what: str = "it") -> Any:
    """The first true answer. Raises AssertionError when there is none in time."""
    ends_at = time.monotonic() + timeout_s
    while not (answer := is_so()):
        assert time.monotonic() < ends_at, f"{what} did not happen within {timeout_s} s"
        time.sleep(0.01)
    return answer


def fastest(measure: Callable[[], float], *, limit: float, tries: int = 8) -> float:
    """The shortest of a few measured times, done as soon as one is under the limit.

    A busy machine only ever adds to a time: what is promised within a limit is kept within it at least once, and what
    needs longer by itself never is. Raises AssertionError with all of them.
    """
    took: list[float] = []
    while len(took) < tries:
        took.append(measure())
        if took[-1] < limit:
            return took[-1]
    raise AssertionError(f"never under {limit}: {took}")
