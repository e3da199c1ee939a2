"""Which events say that somebody came in or went out. A review or a denial moves nobody."""

from __future__ import annotations

from access.domain.policy import Direction
from access.wire.events import EventKind, Way

__all__ = ["ENTRIES", "EXITS", "direction_of", "one_way"]

ENTRIES = frozenset({EventKind.CHECKED_IN, EventKind.REVIEW_APPROVED, EventKind.OVERRIDDEN})
EXITS = frozenset({EventKind.CHECKED_OUT, EventKind.PICKED_UP})


def direction_of(kind: EventKind) -> Direction | None:
    """Which way the person went, or None when the event is no movement."""
    if kind in ENTRIES:
        return Direction.IN
    return Direction.OUT if kind in EXITS else None


def one_way(direction: Direction | None) -> Way | None:
    """The direction as an event says it: one of the two, or nothing."""
    return direction if direction is Direction.IN or direction is Direction.OUT else None
