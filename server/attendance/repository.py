"""The queries of attendance lists. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from access.domain.registrations import RegistrationStatus
from access.wire.events import EventKind
from access.wire.movements import ENTRIES, EXITS
from server.models import AccessPoint, Activity, AllowedAdult, Event, Occurrence, Person, Registration

__all__ = ["adults", "events", "occurrences", "people", "points", "registrations"]

_KINDS = tuple(sorted(each.value for each in {*ENTRIES, *EXITS, EventKind.ATTENDANCE_MARKED}))


def occurrences(
    session: Session,
    organization_id: str,
    span: tuple[datetime, datetime] | None = None,
    *,
    occurrence_id: str | None = None,
) -> list[Occurrence]:
    """What takes place and begins in the span, or one by its id; with the activities."""
    wanted = select(Occurrence).join(Occurrence.activity).options(contains_eager(Occurrence.activity))
    wanted = wanted.where(Activity.organization_id == organization_id, Occurrence.is_cancelled.is_(False))
    if span is not None:
        wanted = wanted.where(Occurrence.starts_at >= span[0], Occurrence.starts_at < span[1])
    if occurrence_id is not None:
        wanted = wanted.where(Occurrence.id == occurrence_id)
    return list(session.scalars(wanted.order_by(Occurrence.starts_at, Occurrence.id)))


def registrations(session: Session, organization_id: str, activity_ids: Collection[str]) -> list[Registration]:
    """The places that people hold in activities."""
    wanted = select(Registration).where(
        Registration.organization_id == organization_id,
        Registration.activity_id.in_(activity_ids),
        Registration.status == RegistrationStatus.REGISTERED,
    )
    return list(session.scalars(wanted))


def people(session: Session, organization_id: str, ids: Collection[str]) -> dict[str, Person]:
    """The organization's people among the ids."""
    wanted = select(Person).where(Person.organization_id == organization_id, Person.id.in_(ids))
    return {each.id: each for each in session.scalars(wanted)}


def points(session: Session, organization_id: str) -> list[AccessPoint]:
    """The access points in use, by name."""
    wanted = select(AccessPoint).where(
        AccessPoint.organization_id == organization_id, AccessPoint.archived_at.is_(None)
    )
    return list(session.scalars(wanted.order_by(AccessPoint.name_en, AccessPoint.id)))


def events(
    session: Session, organization_id: str, person_ids: Collection[str], span: tuple[datetime, datetime]
) -> dict[str, list[Event]]:
    """Who came, left or was marked in the span, by person, in the order it happened, without what was undone."""
    wanted = select(Event).where(
        Event.organization_id == organization_id,
        Event.person_id.in_(person_ids),
        Event.occurred_at >= span[0],
        Event.occurred_at < span[1],
    )
    rows = session.scalars(wanted.where(Event.kind.in_(_KINDS)).order_by(Event.occurred_at, Event.id)).all()
    undone = select(Event.refers_to).where(
        Event.refers_to.in_([each.id for each in rows]),
        Event.organization_id == organization_id,
        Event.kind == EventKind.UNDONE.value,
    )
    gone = set(session.scalars(undone))
    found: dict[str, list[Event]] = {}
    for row in rows:
        if row.id not in gone and row.person_id is not None:
            found.setdefault(row.person_id, []).append(row)
    return found


def adults(session: Session, organization_id: str, child_ids: Collection[str]) -> dict[str, list[AllowedAdult]]:
    """Who may pick up each child, by name."""
    wanted = select(AllowedAdult).where(
        AllowedAdult.organization_id == organization_id, AllowedAdult.child_id.in_(child_ids)
    )
    found: dict[str, list[AllowedAdult]] = {}
    for each in session.scalars(wanted.order_by(AllowedAdult.name, AllowedAdult.id)):
        found.setdefault(each.child_id, []).append(each)
    return found
