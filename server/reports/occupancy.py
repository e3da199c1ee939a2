"""Who was inside through a day, worked out from who came and went. Pure.

A day begins empty, as the Check-in overview's does: whoever stayed overnight is not seen. Whoever leaves without having
come in takes nobody away; an unknown person who leaves takes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from access.wire.events import EventKind
from access.wire.movements import ENTRIES
from server.reports.repository import Movement

__all__ = ["STEP", "Level", "occupancy"]

STEP: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Level:
    """A quarter of an hour from `at` on: how many were inside at its end, and at most during it."""

    at: datetime
    inside: int
    most: int


def occupancy(moves: Iterable[Movement], span: tuple[datetime, datetime], *, now: datetime) -> Iterator[Level]:
    """Each quarter of an hour of the span that has begun. `moves` are in the order they happened."""
    waiting = iter(moves)
    upcoming = next(waiting, None)
    inside: set[str] = set()
    unseen = 0
    at = span[0].astimezone(UTC)
    while at < min(span[1], now):
        until = at + STEP
        most = len(inside) - unseen
        while upcoming is not None and upcoming.at < until:
            unseen = min(unseen + _move(upcoming, inside), len(inside))
            most = max(most, len(inside) - unseen)
            upcoming = next(waiting, None)
        yield Level(at, len(inside) - unseen, most)
        at = until


def _move(move: Movement, inside: set[str]) -> int:
    """Moves a known person; 1 when it was an unknown one who left."""
    if move.kind == EventKind.ANONYMOUS_EXIT:
        return 1
    if move.person_id is not None:
        (inside.add if move.kind in ENTRIES else inside.discard)(move.person_id)
    return 0
