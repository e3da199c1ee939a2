"""The report's figures: counted once by hour and access point, then put together by the organization's local days.

Days whose events retention has made counts are in them by those counts, of which nothing is known but place and time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from access.domain.instants import add_days, local_day, start_of_day, wall_clock
from server.checkins.activity import ActivityRow, Cursor, Names, names_of
from server.db import Database
from server.feed.projection import age_group
from server.models import Event
from server.reports import repository
from server.reports.occupancy import Level, occupancy
from server.reports.repository import Counted, Tallies
from server.reports.wanted import GroupBy, Wanted, What

__all__ = [
    "Figures",
    "Group",
    "Page",
    "all_rows",
    "figures",
    "groups",
    "only_counted",
    "page",
    "traits_of",
    "undone_of",
]

_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a count: `key` is a day, an hour, a weekday (1 Monday), an id or a word; empty: none or unknown."""

    key: Any
    number: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the charts show. Weekdays count from 1, Monday; hours are those of the local clock.

    `only_counted` of the total are no events any more: retention has left their counts.
    """

    total: int
    only_counted: int
    by_hour: tuple[int, ...]
    by_day: tuple[tuple[date, int], ...]
    heat: tuple[tuple[int, ...], ...]
    by_point: tuple[tuple[str, int], ...]
    by_kind: Counter[str]
    reasons: tuple[tuple[str, int], ...]
    occupancy_on: date
    occupancy: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows in their order, and the place after them (None: these are the last)."""

    rows: tuple[ActivityRow, ...]
    names: Names
    next: Cursor | None


def figures(
    database: Database, organization_id: str, wanted: Wanted, *, zone: tzinfo, now: datetime, day: date | None = None
) -> Figures:
    """Everything for the charts. Occupancy is of `day`, or else of the last day that has begun; none when none has."""
    span = wanted.span(zone)
    occupied_on = min(day or wanted.last_on, local_day(now, zone))
    occupied = (start_of_day(occupied_on, zone), start_of_day(add_days(occupied_on, 1), zone))
    with database.read() as session:
        tallies = repository.tallies(session, organization_id, wanted, span, minutes=_minutes(span, zone))
        gone = repository.gone_counts(session, organization_id, wanted)
        reasons = repository.reason_counts(session, organization_id, wanted, span)
        has_begun = wanted.first_on <= occupied_on
        moves = repository.movements(session, organization_id, wanted.point_ids, occupied) if has_begun else []
    points, kinds = Counter[str](), Counter[str]()
    for point_id, kind, number in _by_place(tallies, gone):
        points[point_id] += number
        kinds[kind] += number
    hours, days = Counter[int](), Counter[date]()
    heat = [[0] * 24 for _ in range(7)]
    for on, hour, number in _by_time(tallies, gone, zone):
        hours[hour] += number
        days[on] += number
        heat[on.weekday()][hour] += number
    return Figures(
        total=tallies.by_time.total() + gone.total(),
        only_counted=max(0, gone.total()),
        by_hour=tuple(hours[hour] for hour in range(24)),
        by_day=tuple((each, days[each]) for each in wanted.days),
        heat=tuple(map(tuple, heat)),
        by_point=_most_first(+points),
        by_kind=+kinds,
        reasons=_most_first(reasons),
        occupancy_on=occupied_on,
        occupancy=tuple(occupancy(moves, occupied, now=now)),
    )


def groups(
    database: Database,
    organization_id: str,
    wanted: Wanted,
    by: GroupBy,
    *,
    found: Figures,
    zone: tzinfo,
    today: date,
) -> list[Group]:
    """The counts by one thing: what has an order in it, others the largest first. `found` are what was asked for's."""
    if by in _KNOWN:
        return [Group(key, number) for key, number in _KNOWN[by](found) if number > 0]
    span = wanted.span(zone)
    with database.read() as session:
        gone = repository.gone_counts(session, organization_id, wanted)
        if by is GroupBy.PASS_TYPE:
            found_ = repository.plain_counts(session, organization_id, wanted, span, Event.pass_type)
            used = Counter({each or "": number for each, number in found_.items()})
            for place, number in gone.items():
                used[place.pass_type] += number
            return _listed(+used)
        nameless = Counter({"": gone.total()})
        if by is GroupBy.OFFLINE:
            told = repository.plain_counts(session, organization_id, wanted, span, Event.is_offline)
            return _listed(+(Counter({"yes" if each else "no": number for each, number in told.items()}) + nameless))
        people = repository.people_counts(session, organization_id, wanted, span)
    return _listed(+(_of_people(people, by, today) + nameless))


_KNOWN: Final[dict[GroupBy, Callable[[Figures], Iterable[tuple[Any, int]]]]] = {
    GroupBy.DAY: lambda found: found.by_day,
    GroupBy.HOUR: lambda found: enumerate(found.by_hour),
    GroupBy.WEEKDAY: lambda found: enumerate(map(sum, found.heat), start=1),
    GroupBy.ACCESS_POINT: lambda found: found.by_point,
    GroupBy.KIND: lambda found: _most_first(found.by_kind),
}
"""What is counted for the charts already."""


def page(
    database: Database,
    organization_id: str,
    wanted: Wanted,
    *,
    zone: tzinfo,
    after: Cursor | None = None,
    is_oldest_first: bool = False,
    limit: int = 50,
) -> Page:
    """One page of the rows, found by its place and never by counting."""
    with database.read() as session:
        events = repository.rows(
            session,
            organization_id,
            wanted,
            wanted.span(zone),
            after=(after.at, after.id) if after else None,
            is_oldest_first=is_oldest_first,
            limit=limit + 1,
        )
        shown = events[:limit]
        following = Cursor(shown[-1].occurred_at, shown[-1].id) if len(events) > limit else None
        return Page(tuple(map(ActivityRow, shown)), names_of(session, organization_id, shown), following)


def all_rows(
    database: Database, organization_id: str, wanted: Wanted, *, zone: tzinfo, is_oldest_first: bool
) -> Iterator[Page]:
    """Every row, in batches; no transaction stays open between two of them."""
    after: Cursor | None = None
    while True:
        some = page(
            database,
            organization_id,
            wanted,
            zone=zone,
            after=after,
            is_oldest_first=is_oldest_first,
            limit=_BATCH,
        )
        yield some
        if some.next is None:
            return
        after = some.next


def undone_of(database: Database, organization_id: str, wanted: Wanted, shown: Page, *, zone: tzinfo) -> set[str]:
    """The events of a page that are listed and, as they were undone, not counted."""
    if wanted.what not in (What.ENTRIES, What.EXITS):
        return set()
    ids, since = [row.event.id for row in shown.rows], wanted.span(zone)[0]
    with database.read() as session:
        return repository.undone_among(session, organization_id, ids, since)


def only_counted(
    database: Database, organization_id: str, wanted: Wanted, *, zone: tzinfo, is_oldest_first: bool
) -> list[tuple[datetime, Counted, int]]:
    """What retention has left of the span, with the instants at which their hours began, in that order.

    Below zero where only the undoing of an event has gone: together with the events it makes the report's total.
    """
    with database.read() as session:
        gone = repository.gone_counts(session, organization_id, wanted)
    found = [
        (datetime.combine(place.day, time(place.hour), zone).astimezone(UTC), place, number)
        for place, number in gone.items()
        if number
    ]
    return sorted(found, reverse=not is_oldest_first)


def traits_of(database: Database, organization_id: str, shown: Page) -> dict[str, repository.Traits]:
    """Date of birth and city of the people of a page."""
    ids = {row.event.person_id for row in shown.rows if row.event.person_id}
    with database.read() as session:
        return repository.traits(session, organization_id, ids)


def _minutes(span: tuple[datetime, datetime], zone: tzinfo) -> int:
    """The longest time within which no local hour of the span begins: 60, or 15 as for Newfoundland's half hours."""
    at, end = span[0].astimezone(UTC), span[1].astimezone(UTC)
    offsets = {at.astimezone(zone).utcoffset()}
    while at < end:
        offsets.add(at.astimezone(zone).utcoffset())
        at += timedelta(days=1)
    odd = {(each or timedelta()) % timedelta(hours=1) for each in offsets}
    return next(each for each in (60, 15, 1) if each == 1 or not any(one % timedelta(minutes=each) for one in odd))


def _by_time(tallies: Tallies, gone: Counter[Counted], zone: tzinfo) -> Iterator[tuple[date, int, int]]:
    """Every count by its hour on the wall clock: of the events that are there, then of those that are counts."""
    for at, number in tallies.by_time.items():
        local = wall_clock(at, zone)
        yield local.date(), local.hour, number
    yield from ((place.day, place.hour, number) for place, number in gone.items())


def _by_place(tallies: Tallies, gone: Counter[Counted]) -> Iterator[tuple[str, str, int]]:
    yield from ((point_id, kind, number) for (point_id, kind), number in tallies.by_place.items())
    yield from ((place.access_point_id, place.kind, number) for place, number in gone.items())


def _of_people(found: Counter[repository.Traits | None], by: GroupBy, today: date) -> Counter[str]:
    counted: Counter[str] = Counter()
    for person, number in found.items():
        if person is None:
            counted[""] += number
        else:
            counted[age_group(person.born_on, today).value if by is GroupBy.AGE_GROUP else person.city.strip()] += (
                number
            )
    return counted


def _listed(counted: Counter[str]) -> list[Group]:
    return [Group(key, number) for key, number in _most_first(counted)]


def _most_first(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted.items(), key=lambda each: (-each[1], each[0])))
