"""Every query of Account activity and the Check-in overview. All are scoped to one organization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Select, String, cast, func, literal_column, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from access.domain.people import Text
from access.domain.reasons import Outcome
from access.wire.events import EventKind
from server.models import AccessPoint, Event, Membership, MembershipType, Multipass, MultipassType, Person, Settlement
from server.staff.repository import staff_names

if TYPE_CHECKING:
    from server.checkins.activity import ActivityFilter, Cursor

__all__ = [
    "Face",
    "HeldPass",
    "Mention",
    "Session",
    "access_point_names",
    "access_points",
    "account_events",
    "corrections",
    "day_events",
    "event_of",
    "faces",
    "held_passes",
    "inside",
    "kind_counts",
    "mentions",
    "newer_account_events",
    "settlements",
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


@dataclass(frozen=True, slots=True)
class Mention:
    """An event that another one names: what it was, when, and which staff member it is of."""

    id: str
    kind: str
    occurred_at: datetime
    staff_id: str | None
    account_id: str | None


@dataclass(frozen=True, slots=True)
class HeldPass:
    """Something of an account that a filter can ask for."""

    id: str
    type: str
    name: Text
    since: date


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
    query = _account(session, organization_id, account_id, wanted).where(*_between(span))
    if before is not None:
        # The plain bound first: an index range that every planner understands.
        query = query.where(Event.occurred_at <= before.at, or_(Event.occurred_at < before.at, Event.id < before.id))
    return list(session.scalars(_newest(query, limit)))


def newer_account_events(
    session: Session,
    organization_id: str,
    account_id: str,
    wanted: ActivityFilter,
    *,
    span: _Span,
    after: Cursor,
    limit: int,
) -> list[Event]:
    """Events of an account that the filter keeps, oldest first, from before the place `after`."""
    query = _account(session, organization_id, account_id, wanted).where(*_between(span))
    query = query.where(Event.occurred_at >= after.at, or_(Event.occurred_at > after.at, Event.id > after.id))
    return list(session.scalars(query.order_by(Event.occurred_at, Event.id).limit(limit)))


def event_of(session: Session, organization_id: str, event_id: str) -> Event | None:
    """An event of the organization."""
    return session.scalar(select(Event).where(Event.organization_id == organization_id, Event.id == event_id))


def _account(session: Session, organization_id: str, account_id: str, wanted: ActivityFilter) -> Select[Event]:
    query = select(Event).where(Event.organization_id == organization_id, Event.account_id == account_id)
    equal = (
        (Event.person_id, wanted.person_id),
        (Event.kind, wanted.kind),
        (Event.outcome, wanted.outcome),
        (_not_searched(session, Event.access_point_id), wanted.access_point_id),
        (Event.pass_type, wanted.pass_type),
        (Event.pass_id, wanted.pass_id),
    )
    query = query.where(*(column == value for column, value in equal if value is not None))
    # Word for word the conditions of the partial indexes: only then may a planner use them.
    if wanted.kind not in (None, EventKind.CHECKED_IN):
        query = query.where(Event.kind != literal_column("'checked_in'"))
    if wanted.outcome not in (None, Outcome.GRANTED):
        query = query.where(Event.outcome != literal_column("'granted'"))
    if wanted.flag is not None:
        query = query.where(text("event.is_flagged"))
        if wanted.flag != "any":
            query = query.where(cast(Event.flags, String).contains(f'"{wanted.flag}"', autoescape=True))
    return query


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


def mentions(session: Session, organization_id: str, event_ids: set[str]) -> dict[str, Mention]:
    """What events were, by id."""
    if not event_ids:
        return {}
    query = _mentioned().where(Event.organization_id == organization_id, Event.id.in_(event_ids))
    return {row.id: Mention(*row) for row in session.execute(query)}


def corrections(session: Session, organization_id: str, event_ids: set[str]) -> dict[str, tuple[Mention, ...]]:
    """What was done about events afterwards, oldest first, by the id of the event."""
    if not event_ids:
        return {}
    query = _mentioned().add_columns(Event.refers_to)
    mine = _not_searched(session, Event.organization_id) == organization_id
    query = query.where(Event.refers_to.in_(event_ids), mine)
    found: dict[str, tuple[Mention, ...]] = {}
    for *mention, refers_to in session.execute(query.order_by(Event.occurred_at, Event.id)):
        found[refers_to] = (*found.get(refers_to, ()), Mention(*mention))
    return found


def settlements(session: Session, organization_id: str, event_ids: set[str]) -> dict[str, Settlement]:
    """What was decided about flagged events, by the id of the event."""
    if not event_ids:
        return {}
    query = select(Settlement).where(Settlement.organization_id == organization_id, Settlement.event_id.in_(event_ids))
    return {each.event_id: each for each in session.scalars(query)}


def held_passes(session: Session, organization_id: str, account_id: str) -> list[HeldPass]:
    """The account's multipasses and memberships, ended ones too, the newest first."""
    passes = select(Multipass, MultipassType).join(Multipass.type)
    passes = passes.where(Multipass.organization_id == organization_id, Multipass.account_id == account_id)
    memberships = select(Membership, MembershipType).join(Membership.type)
    memberships = memberships.where(Membership.organization_id == organization_id, Membership.account_id == account_id)
    held = [HeldPass(each.id, "multipass", type_.name, each.purchased_on) for each, type_ in session.execute(passes)]
    held += [
        HeldPass(each.id, "membership", type_.name, each.starts_on) for each, type_ in session.execute(memberships)
    ]
    return sorted(held, key=lambda each: (each.since, each.id), reverse=True)


def _not_searched(session: Session, column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """The column, kept from SQLite's choice of an index: without statistics it would walk a door's whole history."""
    if session.get_bind().dialect.name != "sqlite":
        return column.expression
    return literal_column(f"+event.{column.key}", String)


def _mentioned() -> Select[str, str, datetime, str | None, str | None]:
    return select(Event.id, Event.kind, Event.occurred_at, Event.staff_id, Event.account_id)


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
