"""Every query of Account activity and the Check-in overview. All are scoped to one organization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from access.domain.people import Text
from access.wire.events import EventKind
from server.models import AccessPoint, Event, Person
from server.staff.repository import staff_names

if TYPE_CHECKING:
    from server.checkins.activity import ActivityFilter, Cursor

__all__ = [
    "Face",
    "Session",
    "access_point_names",
    "access_points",
    "account_events",
    "day_events",
    "faces",
    "inside",
    "instants",
    "kind_counts",
    "staff_names",
]

_ENTRIES = (EventKind.CHECKED_IN, EventKind.REVIEW_APPROVED, EventKind.OVERRIDDEN)
_EXITS = (EventKind.CHECKED_OUT, EventKind.PICKED_UP)
_Span = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Face:
    """A person as a row shows them; `picture` is the SHA-256 of the access picture."""

    id: str
    account_id: str
    name: str
    member_id: str
    picture: str | None


def account_events(
    session: Session,
    organization_id: str,
    account_id: str,
    wanted: ActivityFilter,
    *,
    span: _Span,
    before: Cursor | None,
    limit: int,
) -> list[Event]:
    """Events of an account that the filter keeps, newest first, from after the place `before`."""
    query = select(Event).where(Event.organization_id == organization_id, Event.account_id == account_id)
    equal = (
        (Event.person_id, wanted.person_id),
        (Event.kind, wanted.kind),
        (Event.outcome, wanted.outcome),
        (Event.access_point_id, wanted.access_point_id),
    )
    query = query.where(*(column == value for column, value in equal if value is not None))
    if before is not None:
        # The plain bound first: an index range that every planner understands.
        query = query.where(Event.occurred_at <= before.at, or_(Event.occurred_at < before.at, Event.id < before.id))
    return list(session.scalars(_newest(query.where(*_between(span)), limit)))


def day_events(
    session: Session, organization_id: str, access_point_id: str | None, *, span: _Span, limit: int
) -> list[Event]:
    """The newest scans of a day at one access point or at all."""
    query = select(Event).where(*_scope(organization_id, access_point_id), Event.kind != EventKind.LOOKED_UP)
    return list(session.scalars(_newest(query.where(*_between(span)), limit)))


def kind_counts(session: Session, organization_id: str, access_point_id: str | None, *, span: _Span) -> dict[str, int]:
    """How many events of each kind."""
    query = select(Event.kind, func.count()).where(*_scope(organization_id, access_point_id)).group_by(Event.kind)
    return dict(session.execute(query.where(*_between(span))).all())


def inside(session: Session, organization_id: str, access_point_id: str | None, *, span: _Span) -> int:
    """How many people came in and have not been seen going out, an undone entry not counted."""
    scope = _scope(organization_id, access_point_id)
    undone = select(Event.refers_to).where(*scope, Event.kind == EventKind.UNDONE, Event.refers_to.is_not(None))
    latest = func.row_number().over(partition_by=Event.person_id, order_by=(Event.occurred_at.desc(), Event.id.desc()))
    moves = select(Event.kind, latest.label("place")).where(
        *scope,
        Event.person_id.is_not(None),
        Event.kind.in_((*_ENTRIES, *_EXITS)),
        Event.id.not_in(undone.where(*_between(span))),
    )
    last = moves.where(*_between(span)).subquery()
    entered = select(func.count()).select_from(last).where(last.c.place == 1, last.c.kind.in_(_ENTRIES))
    return session.scalar(entered) or 0


def faces(session: Session, organization_id: str, person_ids: set[str]) -> dict[str, Face]:
    """The faces of people of the organization, by id."""
    if not person_ids:
        return {}
    people = select(Person).where(Person.organization_id == organization_id, Person.id.in_(person_ids))
    return {
        each.id: Face(each.id, each.account_id, each.full_name, each.member_id or "", each.access_picture)
        for each in session.scalars(people)
    }


def access_points(session: Session, organization_id: str) -> list[AccessPoint]:
    """The access points of the organization that are in use, by name."""
    query = select(AccessPoint).where(AccessPoint.organization_id == organization_id, AccessPoint.archived_at.is_(None))
    return list(session.scalars(query.order_by(AccessPoint.name_en, AccessPoint.id)))


def access_point_names(session: Session, organization_id: str, ids: set[str]) -> dict[str, Text]:
    """The names of access points of the organization, archived ones too, by id."""
    if not ids:
        return {}
    query = select(AccessPoint).where(AccessPoint.organization_id == organization_id, AccessPoint.id.in_(ids))
    return {each.id: each.name for each in session.scalars(query)}


def instants(session: Session, organization_id: str, event_ids: set[str]) -> dict[str, datetime]:
    """When events happened, by id."""
    if not event_ids:
        return {}
    query = select(Event.id, Event.occurred_at).where(Event.organization_id == organization_id, Event.id.in_(event_ids))
    return dict(session.execute(query).all())


def _scope(organization_id: str, access_point_id: str | None) -> list[ColumnElement[bool]]:
    scope: list[ColumnElement[bool]] = [Event.organization_id == organization_id]
    if access_point_id is not None:
        scope.append(Event.access_point_id == access_point_id)
    return scope


def _between(span: _Span) -> list[ColumnElement[bool]]:
    first, end = span
    bounds = (
        Event.occurred_at >= first if first is not None else None,
        Event.occurred_at < end if end is not None else None,
    )
    return [bound for bound in bounds if bound is not None]


def _newest(query: Select[Event], limit: int) -> Select[Event]:
    return query.order_by(Event.occurred_at.desc(), Event.id.desc()).limit(limit)
