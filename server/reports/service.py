"""The report's figures: counted once by hour and access point, then put together by the organization's local days.

Days whose events retention has made counts are in them by those counts, of which nothing is known but place and time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

from access.domain.instants import add_days, local_day, start_of_day, wall_clock
from server.checkins.activity import ActivityRow, Cursor, Names, names_of
from server.db import Database
from server.feed.projection import age_group
from server.models import Event
from server.reports import repository
from server.reports.occupancy import Level, occupancy
from server.reports.repository import Bucket, Counted
from server.reports.wanted import GroupBy, Wanted

__all__ = ["Figures", "Group", "Page", "all_rows", "figures", "groups", "page", "traits_of"]

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
    """Everything for the charts. Occupancy is of `day`, or else of the last day that has begun."""
    span = wanted.span(zone)
    occupied_on = min(day or wanted.last_on, local_day(now, zone))
    occupied = (start_of_day(occupied_on, zone), start_of_day(add_days(occupied_on, 1), zone))
    with database.read() as session:
        tallies = repository.tallies(session, organization_id, wanted, span, is_by_minute=_has_odd_hours(span, zone))
        gone = repository.gone_counts(session, organization_id, wanted)
        reasons = repository.reason_counts(session, organization_id, wanted, span)
        moves = repository.movements(session, organization_id, wanted.point_ids, occupied)
    hours, days, points, kinds = Counter[int](), Counter[date](), Counter[str](), Counter[str]()
    heat = [[0] * 24 for _ in range(7)]
    for place, number in _places(tallies, gone, zone):
        hours[place.hour] += number
        days[place.day] += number
        points[place.access_point_id] += number
        kinds[place.kind] += number
        heat[place.day.weekday()][place.hour] += number
    return Figures(
        total=tallies.total() + gone.total(),
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
    database: Database, organization_id: str, wanted: Wanted, by: GroupBy, *, zone: tzinfo, today: date
) -> list[Group]:
    """The counts by one thing: what has an order in it, others the largest first."""
    span = wanted.span(zone)
    with database.read() as session:
        gone = repository.gone_counts(session, organization_id, wanted)
        if by is GroupBy.PASS_TYPE:
            found = repository.plain_counts(session, organization_id, wanted, span, Event.pass_type)
            used = Counter({each or "": number for each, number in found.items()})
            for place, number in gone.items():
                used[place.pass_type] += number
            return _listed(+used)
        nameless = Counter({"": gone.total()})
        if by is GroupBy.OFFLINE:
            found = repository.plain_counts(session, organization_id, wanted, span, Event.is_offline)
            return _listed(+(Counter({"yes" if each else "no": number for each, number in found.items()}) + nameless))
        if by in (GroupBy.AGE_GROUP, GroupBy.CITY):
            people = repository.people_counts(session, organization_id, wanted, span)
            return _listed(+(_of_people(people, by, today) + nameless))
        tallies = repository.tallies(session, organization_id, wanted, span, is_by_minute=_has_odd_hours(span, zone))
    counted: Counter[Any] = Counter()
    for place, number in _places(tallies, gone, zone):
        counted[_key(by, place)] += number
    if by in (GroupBy.DAY, GroupBy.HOUR, GroupBy.WEEKDAY):
        return [Group(key, counted[key]) for key in sorted(+counted)]
    return _listed(+counted)


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


def traits_of(database: Database, organization_id: str, shown: Page) -> dict[str, repository.Traits]:
    """Date of birth and city of the people of a page."""
    ids = {row.event.person_id for row in shown.rows if row.event.person_id}
    with database.read() as session:
        return repository.traits(session, organization_id, ids)


def _has_odd_hours(span: tuple[datetime, datetime], zone: tzinfo) -> bool:
    """Whether a local hour begins within a UTC hour somewhere in the span, as in Newfoundland."""
    at, end = span[0].astimezone(UTC), span[1].astimezone(UTC)
    while at < end:
        offset = at.astimezone(zone).utcoffset() or timedelta()
        if offset % timedelta(hours=1):
            return True
        at += timedelta(days=1)
    return False


def _places(tallies: Counter[Bucket], gone: Counter[Counted], zone: tzinfo) -> Iterator[tuple[Counted, int]]:
    """Every count by its hour on the wall clock: of the events that are there, then of those that are counts."""
    for bucket, number in tallies.items():
        local = wall_clock(bucket.at, zone)
        yield Counted(local.date(), local.hour, bucket.access_point_id, bucket.kind, ""), number
    yield from gone.items()


def _key(by: GroupBy, place: Counted) -> Any:
    keys = {
        GroupBy.DAY: place.day,
        GroupBy.HOUR: place.hour,
        GroupBy.WEEKDAY: place.day.isoweekday(),
        GroupBy.ACCESS_POINT: place.access_point_id,
        GroupBy.KIND: place.kind,
    }
    return keys[by]


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
