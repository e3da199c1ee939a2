"""The queries of the report. All are scoped to one organization and answered from indexes as far as they can be.

An entry or exit that was undone is none: what was undone is counted by itself and taken off, so that the many that
were not are never looked up one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, String, TextClause, cast, func, literal_column, or_, select, text
from sqlalchemy.orm import Session

from access.wire.events import EventKind
from access.wire.movements import ENTRIES, EXITS
from server.models import Event, MovementCount, Person
from server.models.events import REFUSED_OR_REVIEWED
from server.models.privacy import UNDONE_OF
from server.reports.wanted import Wanted, What

__all__ = [
    "Bucket",
    "Counted",
    "Movement",
    "Traits",
    "gone_counts",
    "movements",
    "people_counts",
    "plain_counts",
    "reason_counts",
    "rows",
    "tallies",
    "traits",
]

Span = tuple[datetime, datetime]
_MANY: Final = 400
_REFUSALS: Final = tuple(sorted({*What.REFUSED.kinds, *What.REVIEWS.kinds}))
_MOVES: Final = tuple(sorted(each.value for each in ENTRIES | EXITS | {EventKind.ANONYMOUS_EXIT}))


class Bucket(NamedTuple):
    """The start of a UTC hour (or minute), where, and what."""

    at: datetime
    access_point_id: str
    kind: str


class Counted(NamedTuple):
    """An hour of a local day, where, what, and with what, of events that are counts now."""

    day: date
    hour: int
    access_point_id: str
    kind: str
    pass_type: str


class Traits(NamedTuple):
    """What a report may say of a person beside the name."""

    born_on: date | None
    city: str


class Movement(NamedTuple):
    """Somebody came in or went out; without a person somebody unknown went out."""

    at: datetime
    kind: str
    person_id: str | None


def tallies(
    session: Session, organization_id: str, wanted: Wanted, span: Span, *, is_by_minute: bool
) -> Counter[Bucket]:
    """How many in every UTC hour; by the minute where the zone's hours begin at other minutes."""
    bucket = _bucket(session, is_by_minute=is_by_minute)
    columns = (bucket, Event.access_point_id, Event.kind)
    found: Counter[Bucket] = Counter()
    for (at, point_id, kind), number in _counted(session, organization_id, wanted, span, columns).items():
        found[Bucket(_instant(at), point_id, kind)] += number
    return found


def plain_counts(session: Session, organization_id: str, wanted: Wanted, span: Span, column: Any) -> Counter[Any]:
    """How many by one column of the event."""
    counted = _counted(session, organization_id, wanted, span, (column,))
    return Counter({value: number for (value,), number in counted.items()})


def gone_counts(session: Session, organization_id: str, wanted: Wanted) -> Counter[Counted]:
    """How many there were of those that retention made counts. It keeps no person, and not what was offline.

    Below zero where the undoing of what is still an event has gone before it.
    """
    if wanted.is_offline is not None:
        return Counter()
    kinds = wanted.what.kinds
    undone = [f"{UNDONE_OF}{each}" for each in kinds] if wanted.what in (What.ENTRIES, What.EXITS) else []
    columns = (MovementCount.day, MovementCount.hour, MovementCount.access_point_id)
    query = select(*columns, MovementCount.kind, MovementCount.pass_type, MovementCount.count).where(
        MovementCount.organization_id == organization_id,
        MovementCount.day.between(wanted.first_on, wanted.last_on),
        MovementCount.kind.in_([*kinds, *undone]),
    )
    if wanted.point_ids:
        query = query.where(MovementCount.access_point_id.in_(wanted.point_ids))
    if wanted.pass_type is not None:
        query = query.where(MovementCount.pass_type == wanted.pass_type)
    found: Counter[Counted] = Counter()
    for day, hour, point_id, kind, pass_type, number in session.execute(query):
        place = Counted(day, hour, point_id, kind.removeprefix(UNDONE_OF), pass_type)
        found[place] += -number if kind.startswith(UNDONE_OF) else number
    return found


def people_counts(session: Session, organization_id: str, wanted: Wanted, span: Span) -> Counter[Traits | None]:
    """How many by date of birth and city; None: of nobody known, or of somebody who is gone."""
    by_person = plain_counts(session, organization_id, wanted, span, Event.person_id)
    known = traits(session, organization_id, [each for each in by_person if each is not None])
    found: Counter[Traits | None] = Counter()
    for person_id, number in by_person.items():
        found[known.get(person_id) if person_id else None] += number
    return found


def traits(session: Session, organization_id: str, person_ids: Iterable[str]) -> dict[str, Traits]:
    """The traits of the organization's people among the ids."""
    known: dict[str, Traits] = {}
    for some in _chunks(person_ids):
        people = select(Person.id, Person.date_of_birth, Person.city)
        people = people.where(Person.organization_id == organization_id, Person.id.in_(some))
        known |= {id_: Traits(born_on, city) for id_, born_on, city in session.execute(people)}
    return known


def reason_counts(session: Session, organization_id: str, wanted: Wanted, span: Span) -> Counter[str]:
    """How often each reason was the first of a refusal or a review."""
    reasons = cast(Event.reasons, String)
    query = select(reasons, func.count()).where(*_scope(organization_id, wanted, span, kinds=_REFUSALS))
    found: Counter[str] = Counter()
    for said, number in session.execute(query.group_by(reasons)):
        first = str(said).strip("[] ").split(",")[0].strip(' "')
        if first:
            found[first] += number
    return found


def movements(session: Session, organization_id: str, point_ids: Collection[str], span: Span) -> list[Movement]:
    """Who moved, in the order it happened, without what was undone."""
    columns = (Event.id, Event.occurred_at, Event.kind, Event.person_id)
    query = select(*columns).where(*_when(organization_id, span), Event.kind.in_(_MOVES))
    if point_ids:
        query = query.where(Event.access_point_id.in_(point_ids))
    gone = set(_undone(session, organization_id, span))
    found = session.execute(query.order_by(Event.occurred_at, Event.id))
    return [Movement(at, kind, person_id) for id_, at, kind, person_id in found if id_ not in gone]


def rows(
    session: Session,
    organization_id: str,
    wanted: Wanted,
    span: Span,
    *,
    after: tuple[datetime, str] | None,
    is_oldest_first: bool,
    limit: int,
) -> list[Event]:
    """Events, newest or oldest first, from after a place in that order. What was undone is among them."""
    query = select(Event).where(*_scope(organization_id, wanted, span))
    if after is not None:
        at, id_ = after
        if is_oldest_first:
            query = query.where(Event.occurred_at >= at, or_(Event.occurred_at > at, Event.id > id_))
        else:
            query = query.where(Event.occurred_at <= at, or_(Event.occurred_at < at, Event.id < id_))
    order = (Event.occurred_at, Event.id)
    query = query.order_by(*(order if is_oldest_first else (each.desc() for each in order)))
    return list(session.scalars(query.limit(limit)))


def _counted(
    session: Session, organization_id: str, wanted: Wanted, span: Span, columns: tuple[Any, ...]
) -> Counter[tuple[Any, ...]]:
    scope = _scope(organization_id, wanted, span)
    found: Counter[tuple[Any, ...]] = Counter()
    for *key, number in session.execute(select(*columns, func.count()).where(*scope).group_by(*columns)):
        found[tuple(key)] += number
    if wanted.what in (What.ENTRIES, What.EXITS):
        for some in _chunks(_undone(session, organization_id, span)):
            query = select(*columns, func.count()).where(Event.id.in_(some), *scope)
            for *key, number in session.execute(query.group_by(*columns)):
                found[tuple(key)] -= number
    return +found


def _undone(session: Session, organization_id: str, span: Span) -> list[str]:
    """What was undone of the span: an undoing is never before what it undoes. Word for word the index's condition."""
    query = select(Event.refers_to).where(
        Event.organization_id == organization_id,
        Event.occurred_at >= span[0],
        text("kind = 'undone'"),
        Event.refers_to.is_not(None),
    )
    return sorted({each for each in session.scalars(query) if each is not None})


def _when(organization_id: str, span: Span) -> list[ColumnElement[bool]]:
    return [Event.organization_id == organization_id, Event.occurred_at >= span[0], Event.occurred_at < span[1]]


def _scope(
    organization_id: str, wanted: Wanted, span: Span, *, kinds: Collection[str] | None = None
) -> list[ColumnElement[bool] | TextClause]:
    asked = kinds or wanted.what.kinds
    scope: list[ColumnElement[bool] | TextClause] = [*_when(organization_id, span), Event.kind.in_(asked)]
    if set(asked) <= set(_REFUSALS):
        scope.append(text(REFUSED_OR_REVIEWED))
    if wanted.point_ids:
        scope.append(Event.access_point_id.in_(wanted.point_ids))
    if wanted.pass_type is not None:
        scope.append(Event.pass_type == wanted.pass_type)
    if wanted.is_offline is not None:
        scope.append(Event.is_offline.is_(wanted.is_offline))
    return scope


def _bucket(session: Session, *, is_by_minute: bool) -> ColumnElement[Any]:
    if session.get_bind().dialect.name == "sqlite":
        # Instants are UTC texts there: 2026-11-21 15:04:05.000000.
        return literal_column(f"substr(event.occurred_at, 1, {16 if is_by_minute else 13})", String)
    return literal_column(f"date_trunc('{'minute' if is_by_minute else 'hour'}', event.occurred_at)")


def _instant(bucket: datetime | str) -> datetime:
    if isinstance(bucket, datetime):
        return bucket.astimezone(UTC)
    return datetime.fromisoformat(bucket if len(bucket) > 13 else f"{bucket}:00").replace(tzinfo=UTC)


def _chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    every = list(ids)
    return (every[place : place + _MANY] for place in range(0, len(every), _MANY))
