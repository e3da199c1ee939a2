"""The queries of the report. All are scoped to one organization and answered from indexes as far as they can be.

An entry or exit that was undone is none: what was undone is counted by itself and taken off, so that the many that
were not are never looked up one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    TextClause,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from access.wire.events import EventKind
from access.wire.movements import ENTRIES, EXITS
from server.models import Event, MovementCount, Person
from server.models.events import REFUSED_OR_REVIEWED
from server.models.privacy import UNDONE_OF
from server.reports.wanted import Wanted, What

__all__ = [
    "Counted",
    "Movement",
    "Tallies",
    "Traits",
    "gone_counts",
    "movements",
    "people_counts",
    "plain_counts",
    "reason_counts",
    "rows",
    "tallies",
    "traits",
    "undone_among",
]

Span = tuple[datetime, datetime]
_MANY: Final = 400
_HOUR: Final = 60
_DAY: Final = timedelta(days=1)
_REFUSALS: Final = tuple(sorted({*What.REFUSED.kinds, *What.REVIEWS.kinds}))
_MOVES: Final = tuple(sorted(each.value for each in ENTRIES | EXITS | {EventKind.ANONYMOUS_EXIT}))


class Tallies(NamedTuple):
    """How many there were from the instants on at which hours (or parts of one) begin, and by where and what."""

    by_time: Counter[datetime]
    by_place: Counter[tuple[str, str]]


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


def tallies(session: Session, organization_id: str, wanted: Wanted, span: Span, *, minutes: int) -> Tallies:
    """How many by time, so many minutes at once, and how many by place: from one pass over the span."""
    by_time, by_place = Counter[Any](), Counter[tuple[str, str]]()
    columns = (_bucket(session, minutes).label("at"), Event.access_point_id, Event.kind)
    for part in _parts(session, organization_id, span):
        counted = select(*columns, func.count().label("number")).where(*_scope(organization_id, wanted, part))
        each = counted.group_by(*columns).cte("counted").c
        number = cast(func.sum(each.number), BigInteger)
        times = select(each.at, null(), null(), number).group_by(each.at)
        places = select(null(), each.access_point_id, each.kind, number)
        both = union_all(times, places.group_by(each.access_point_id, each.kind))
        for at, point_id, kind, found in session.execute(both):
            if at is None:
                by_place[point_id, kind] += found
            else:
                by_time[at] += found
    for at, point_id, kind in _undone_of(session, organization_id, wanted, span, columns):
        by_time[at] -= 1
        by_place[point_id, kind] -= 1
    return Tallies(Counter({_instant(at): number for at, number in (+by_time).items()}), +by_place)


def plain_counts(session: Session, organization_id: str, wanted: Wanted, span: Span, column: Any) -> Counter[Any]:
    """How many by one column of the event."""
    found: Counter[Any] = Counter()
    # Of people there are as many in a year as in its days: those are added up by the engine.
    for part in [span] if column is Event.person_id else _parts(session, organization_id, span):
        query = select(column, func.count()).where(*_scope(organization_id, wanted, part)).group_by(column)
        for value, number in session.execute(query):
            found[value] += number
    found.subtract(value for (value,) in _undone_of(session, organization_id, wanted, span, (column,)))
    return +found


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


def _parts(session: Session, organization_id: str, span: Span) -> Iterator[Span]:
    """The whole span; on SQLite those of its days that have events. It sorts what it groups, and a day fits."""
    if not _is_sqlite(session):
        yield span
        return
    at: datetime | None = span[0]
    while at is not None:
        until = min(at + _DAY, span[1])
        yield at, until
        at = session.scalar(select(func.min(Event.occurred_at)).where(*_when(organization_id, (until, span[1]))))


def _undone_of(
    session: Session, organization_id: str, wanted: Wanted, span: Span, columns: tuple[Any, ...]
) -> Iterator[tuple[Any, ...]]:
    """The columns of each entry or exit that was undone, where those are asked for.

    Whose and when are asked of the rows that are found: SQLite would go through the whole span for them.
    """
    if wanted.what not in (What.ENTRIES, What.EXITS):
        return
    for some in _chunks(_undone(session, organization_id, span)):
        query = select(Event.organization_id, Event.occurred_at, *columns)
        for whose, at, *key in session.execute(query.where(Event.id.in_(some), *_filters(wanted, wanted.what.kinds))):
            if whose == organization_id and span[0] <= at < span[1]:
                yield tuple(key)


def undone_among(session: Session, organization_id: str, event_ids: Collection[str], since: datetime) -> set[str]:
    """Those of a page's events that the counts of entries and exits leave out; `since` is when the report begins."""
    query = select(Event.refers_to).where(
        Event.organization_id == organization_id,
        Event.occurred_at >= since,
        Event.kind == EventKind.UNDONE.value,
        Event.refers_to.in_(event_ids),
    )
    return {each for each in session.scalars(query) if each is not None}


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
    return [*_when(organization_id, span), *_filters(wanted, kinds or wanted.what.kinds)]


def _filters(wanted: Wanted, kinds: Collection[str]) -> list[ColumnElement[bool] | TextClause]:
    filters: list[ColumnElement[bool] | TextClause] = [Event.kind.in_(kinds)]
    if set(kinds) <= set(_REFUSALS):
        filters.append(text(REFUSED_OR_REVIEWED))
    if wanted.point_ids:
        filters.append(Event.access_point_id.in_(wanted.point_ids))
    if wanted.pass_type is not None:
        filters.append(Event.pass_type == wanted.pass_type)
    if wanted.is_offline is not None:
        filters.append(Event.is_offline.is_(wanted.is_offline))
    return filters


def _bucket(session: Session, minutes: int) -> ColumnElement[Any]:
    if not _is_sqlite(session):
        return literal_column(f"date_bin('{minutes} minutes', event.occurred_at, TIMESTAMPTZ '2000-01-01 00:00Z')")
    # Instants are UTC texts there: 2026-11-21 15:04:05.000000.
    if minutes == _HOUR:
        return literal_column("substr(event.occurred_at, 1, 13)", String)
    minute = f"substr(event.occurred_at, 15, 2) / {minutes} * {minutes}"
    return literal_column(f"substr(event.occurred_at, 1, 14) || printf('%02d', {minute})", String)


def _instant(bucket: datetime | str) -> datetime:
    if isinstance(bucket, datetime):
        return bucket.astimezone(UTC)
    return datetime.fromisoformat(bucket if len(bucket) > 13 else f"{bucket}:00").replace(tzinfo=UTC)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _chunks(ids: Iterable[str]) -> Iterable[list[str]]:
    every = list(ids)
    return (every[place : place + _MANY] for place in range(0, len(every), _MANY))
