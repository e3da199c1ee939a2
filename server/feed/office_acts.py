"""What doors are told of the centre's own desk: who came, left or was marked in the back office, and what was undone.

Only of the last days: a door keeps what it heard, and lists and presence look no further back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from access.domain.office_acts import Move, OfficeAct
from access.wire.events import EventKind
from access.wire.movements import ENTRIES, EXITS, direction_of
from server.models.devices import Device
from server.models.events import Event
from server.models.people import Person

__all__ = ["acts", "recent_ids"]

_TOLD_FOR: Final = timedelta(days=2)
_KINDS: Final = tuple(sorted(each.value for each in {*ENTRIES, *EXITS, EventKind.ATTENDANCE_MARKED, EventKind.UNDONE}))


def recent_ids(session: Session, organization_id: str, *, now: datetime) -> Sequence[str]:
    """The events that a door which starts anew is told."""
    mine = select(Device.id).where(Device.organization_id == organization_id, Device.is_centre)
    devices = list(session.scalars(mine))
    # By the organization's days, not by device: the centre's has all that the office ever did.
    recent = Event.organization_id == organization_id, Event.occurred_at >= now - _TOLD_FOR
    wanted = select(Event.id).where(*recent, Event.device_id.in_(devices))
    return session.scalars(wanted.order_by(Event.id)).all() if devices else []


def acts(session: Session, ids: Collection[str]) -> Iterator[tuple[Event, OfficeAct]]:
    """Those of the events that say where somebody is, unless the person is archived, merged or erased."""
    for row in session.scalars(_told(ids)):
        kind, body = EventKind(row.kind), _body(row)
        yield (
            row,
            OfficeAct(
                id=row.id,
                access_point=row.access_point_id,
                at=row.occurred_at,
                person_id=row.person_id,
                account_id=row.account_id,
                move=_move(kind, body),
                occurrence_id=(body.get("entitlement") or {}).get("occurrence_id"),
                staff_id=row.staff_id,
                note=str(body.get("note") or ""),
                undoes=row.refers_to if kind is EventKind.UNDONE else None,
            ),
        )


def _told(ids: Collection[str]) -> Select[Event]:
    is_there = or_(Event.person_id.is_(None), Person.archived_at.is_(None) & Person.merged_into.is_(None))
    return (
        select(Event)
        .join(Device, Device.id == Event.device_id)
        .outerjoin(Person, Person.id == Event.person_id)
        .where(Event.id.in_(ids), Device.is_centre, Event.kind.in_(_KINDS), is_there)
    )


def _move(kind: EventKind, body: dict[str, Any]) -> Move | None:
    if kind is EventKind.ATTENDANCE_MARKED:
        return Move(body.get("mark") or Move.NOTED)
    direction = direction_of(kind)
    return Move(direction.value) if direction else None


def _body(row: Event) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row.body)
    return found
