"""Where a registered person is in an occurrence, from what was recorded. Pure; the same reading as at a door's desk.

An entry that names the occurrence is coming; leaving counts for whoever had come, whatever it names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from access.wire.events import EventKind
from access.wire.movements import ENTRIES, EXITS
from server.models import Event

__all__ = ["POSSIBLE", "Standing", "State", "standing"]


class State(StrEnum):
    """Of one person on one list."""

    EXPECTED = "expected"
    IN = "in"
    OUT = "out"
    ABSENT = "absent"


POSSIBLE: Final[dict[str, tuple[State, ...]]] = {
    "in": (State.EXPECTED, State.ABSENT, State.OUT),
    "out": (State.IN,),
    "pick_up": (State.IN,),
    "absent": (State.EXPECTED,),
    "undo": (State.IN, State.OUT, State.ABSENT),
    "note": tuple(State),
}
"""What may be done from which state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`event_id` is what brought the person there, `came_at` and `left_at` the last coming and leaving."""

    state: State = State.EXPECTED
    came_at: datetime | None = None
    left_at: datetime | None = None
    staff_id: str | None = None
    event_id: str | None = None
    picked_up_by: str = ""
    note: str = ""


def standing(events: Iterable[Event], occurrence_id: str) -> Standing:
    """From the person's events in the order they happened, without undone ones."""
    found = Standing()
    for event in events:
        body = _body(event)
        is_here = (body.get("entitlement") or {}).get("occurrence_id") == occurrence_id
        if event.kind == EventKind.ATTENDANCE_MARKED and is_here:
            found = _marked(found, event, body)
        elif event.kind in ENTRIES and is_here:
            found = replace(_by(found, event), state=State.IN, came_at=event.occurred_at, left_at=None, picked_up_by="")
        elif event.kind in EXITS and found.state is State.IN:
            adult = str(body.get("note") or "") if event.kind == EventKind.PICKED_UP else ""
            found = replace(_by(found, event), state=State.OUT, left_at=event.occurred_at, picked_up_by=adult)
    return found


def _marked(found: Standing, event: Event, body: dict[str, Any]) -> Standing:
    mark = body.get("mark")
    if mark in (State.ABSENT, State.EXPECTED):
        return replace(_by(found, event), state=State(mark), came_at=None, left_at=None)
    return replace(found, note=str(body.get("note") or ""))


def _by(found: Standing, event: Event) -> Standing:
    return replace(found, staff_id=event.staff_id, event_id=event.id)


def _body(event: Event) -> dict[str, Any]:
    try:
        body = json.loads(event.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
