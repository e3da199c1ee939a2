"""Whether who was let in went through: entries wait for their barrier's word, and are undone when nobody passed.

Only what was certainly seen undoes an entry: the barrier was there all the time, was looked at again after the time was
over, and no passage could have been this person's. In any other case the check-in stays. Nothing of this outlives a
restart, so nothing is undone by guess after one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from access.wire.events import Event, EventKind
from access.wire.movements import ENTRIES
from edge_agent.devices import BoundBarrier
from edge_agent.errors import LedgerFault
from hardware.api import Passage, ReaderState

__all__ = ["Passages"]

_log = structlog.get_logger(__name__)
_MAX_WAITING = 100


@dataclass(slots=True)
class _Entry:
    """An entry for which the door was opened. `is_shared`: somebody went through while others waited too."""

    event: Event
    until: float
    opening: int
    is_shared: bool = False


@dataclass(slots=True)
class _Watched:
    """`opening` counts how often the barrier was found anew; `is_ready` is written by its own thread."""

    bound: BoundBarrier
    waiting: deque[_Entry] = field(default_factory=lambda: deque(maxlen=_MAX_WAITING))
    opening: int = 0
    is_ready: bool = False
    is_doubt_logged: bool = False


class Passages:
    """For the door's thread, but for `state`, `report` and `tick`'s hand-over. `undo(event)` undoes an entry, or
    answers None when there is nothing to undo; `call` has something done in the door's thread, after all it was given
    before; `monotonic` is the clock of the barriers' looks."""

    def __init__(
        self,
        barriers: Sequence[BoundBarrier],
        *,
        undo: Callable[[Event], Event | None],
        call: Callable[[Callable[[], None]], object],
        monotonic: Callable[[], float],
    ) -> None:
        self._watched = {each.access_point: _Watched(each) for each in barriers}
        self._places = {each.barrier.name: each.access_point for each in barriers}
        self._undo = undo
        self._call = call
        self._monotonic = monotonic

    def state(self, barrier: str, state: ReaderState) -> None:
        """The barrier came or went. From its own thread."""
        watched = self._watched[self._places[barrier]]
        if state is ReaderState.READY:
            watched.opening += 1
        watched.is_ready = state is ReaderState.READY

    def report(self, barrier: str, passage: Passage) -> None:
        """What the barrier says. From its own thread."""
        access_point = self._places[barrier]
        self._call(lambda: self.take(access_point, passage))

    def opened(self, event: Event) -> None:
        """The door was opened for somebody who comes in. Who scans again gets the whole time again."""
        watched = self._watched.get(event.access_point)
        if watched is None or (event.kind not in ENTRIES and event.kind is not EventKind.REPEATED):
            return
        until = self._monotonic() + watched.bound.passage_s
        if event.kind is EventKind.REPEATED:
            for each in watched.waiting:
                each.until = until if each.event.person == event.person else each.until
        elif not watched.is_ready:
            self._doubt(watched)
        else:
            watched.waiting.append(_Entry(event, until, watched.opening))

    def take(self, access_point: str, passage: Passage) -> None:
        """Takes a report: it is about the one who has waited longest."""
        watched = self._watched[access_point]
        if not watched.waiting:
            _log.info("passage_of_nobody", access_point=access_point, passage=passage.value)
            return
        entry = watched.waiting.popleft()
        if passage is Passage.NOT_PASSED:
            self._conclude(watched, entry)
            return
        for each in watched.waiting:
            each.is_shared = True

    def tick(self) -> None:
        """Has the entries settled whose time was over when the barrier was looked at last. Everything that it had
        reported until then has been handed over before."""
        for access_point, watched in self._watched.items():
            seen_at = watched.bound.barrier.seen_at
            if any(each.until <= seen_at or not self._is_certain(watched, each) for each in watched.waiting):
                self._call(lambda place=access_point, until=seen_at: self._settle(place, until))  # type: ignore[misc]

    def _settle(self, access_point: str, seen_at: float) -> None:
        watched = self._watched[access_point]
        over = [each for each in watched.waiting if each.until <= seen_at or not self._is_certain(watched, each)]
        for entry in over:
            watched.waiting.remove(entry)
            self._conclude(watched, entry)

    def _is_certain(self, watched: _Watched, entry: _Entry) -> bool:
        return watched.is_ready and watched.opening == entry.opening

    def _conclude(self, watched: _Watched, entry: _Entry) -> None:
        """Undoes an entry after which nobody went through, where that is certain."""
        if entry.is_shared or not self._is_certain(watched, entry):
            self._doubt(watched, entry.event)
            return
        watched.is_doubt_logged = False
        try:
            undone = self._undo(entry.event)
        except LedgerFault:
            undone = None
        if undone is not None:
            _log.info("nobody_went_through", access_point=undone.access_point, undone_seq=entry.event.seq)

    def _doubt(self, watched: _Watched, event: Event | None = None) -> None:
        """Nobody can tell: the check-in stays. Said once, until the barrier is certain again."""
        if not watched.is_doubt_logged:
            watched.is_doubt_logged = True
            seq = event.seq if event else None
            _log.warning("passage_unknown", access_point=watched.bound.access_point, seq=seq)
