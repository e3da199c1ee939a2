"""Slowing a reader that keeps bringing unknown codes. Known codes are never slowed.

What is not answered is not recorded one by one either, but counted: the count survives a restart (of the last seconds
before a crash a part may be lost), and once a minute at most it becomes one event, so that no refusal is gone without a
trace and nobody can fill the disk by guessing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from edge_agent.errors import LedgerFault
from edge_agent.ledger import SqliteLedger

__all__ = ["GuessGuard", "GuessReports"]

_KEEP_S = 2.0


@dataclass(slots=True)
class _Reader:
    answered: deque[float] = field(default_factory=deque)
    passed_over: int = 0
    since: float = 0.0


class GuessGuard:
    """Answers up to `burst` unknown codes of a reader within `window_s`; beyond that one every `slow_s` seconds.

    What is passed over is counted and not answered: nobody learns anything from it.
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
            if not state.passed_over:
                state.since = monotonic
            state.passed_over += 1
            return False
        state.answered.append(monotonic)
        return True

    def passed_over(self) -> dict[str, int]:
        """How many codes were passed over and not yet reported, by reader."""
        return {name: state.passed_over for name, state in self._readers.items() if state.passed_over}

    def due(self, monotonic: float) -> dict[str, int]:
        """Those of which the first was passed over a whole window ago."""
        old = {name for name, state in self._readers.items() if monotonic - state.since >= self._window_s}
        return {name: count for name, count in self.passed_over().items() if name in old}

    def reported(self, reader: str) -> None:
        """What was passed over so far is recorded now."""
        self._readers[reader].passed_over = 0

    def restore(self, reader: str, count: int) -> None:
        """Codes passed over before a restart, due at once."""
        self._readers[reader] = _Reader(passed_over=count, since=float("-inf"))


class GuessReports:
    """Records what a guard passed over. For the door's thread; no method raises.

    `record(reader, count, marks)` records one event for so many codes and sets the marks with it.
    """

    def __init__(
        self, guard: GuessGuard, ledger: SqliteLedger, *, record: Callable[[str, int, Mapping[str, str]], object]
    ) -> None:
        self._guard = guard
        self._ledger = ledger
        self._record = record
        self._kept: dict[str, int] = {}
        self._keep_at = 0.0

    def restore(self, readers: Iterable[str]) -> None:
        """Takes up what was counted before a restart."""
        with suppress(LedgerFault):
            marks = self._ledger.marks()
            for reader in readers:
                if (count := int(marks.get(_mark(reader), "0"))) > 0:
                    self._kept[reader] = count
                    self._guard.restore(reader, count)

    def tick(self, monotonic: float) -> None:
        """Records what is due and, every two seconds, writes the counts down."""
        with suppress(LedgerFault):
            for reader, count in self._guard.due(monotonic).items():
                self._record(reader, count, {_mark(reader): "0"})
                self._guard.reported(reader)
                self._kept.pop(reader, None)
        if monotonic >= self._keep_at:
            self._keep_at = monotonic + _KEEP_S
            self.keep()

    def keep(self) -> None:
        """Writes the counts down, if there is anything new."""
        counts = self._guard.passed_over()
        if counts and counts != self._kept:
            with suppress(LedgerFault):
                self._ledger.set_marks({_mark(reader): str(count) for reader, count in counts.items()})
                self._kept = counts


def _mark(reader: str) -> str:
    return f"guesses:{reader}"
