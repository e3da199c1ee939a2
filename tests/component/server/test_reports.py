"""The report's counts are those of going through every event by hand, on both engines, over days that are no 24 h."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from access.domain.policy import AccessType
from server.db import Database
from server.models import AccessPoint, Account, Event, Organization, Person, Site
from server.reports import service
from server.reports.wanted import GroupBy, Period, Wanted, What

ORGANIZATION = "reported"
POINTS = ("pool", "gym", "gone")
KINDS = (
    ("checked_in", "granted"),
    ("checked_out", "granted"),
    ("overridden", "granted"),
    ("denied", "denied"),
    ("review_requested", "review"),
    ("anonymous_exit", "granted"),
    ("repeated", "granted"),
)
BORN = (None, date(2020, 6, 1), date(2010, 1, 1), date(1980, 1, 1))
TODAY = date(2026, 11, 21)


def fill(database: Database, first: datetime, days: int, *, events: int, seed: int) -> list[Event]:
    """Random events, some undone by later ones; and somebody else's that must never be counted."""
    chance = random.Random(seed)
    made: list[Event] = []
    with database.write() as session:
        for organization in (ORGANIZATION, "other"):
            session.add(Organization(id=organization, name_en=organization))
            session.flush()
            session.add(Site(id=f"{organization}-site", organization_id=organization, name_en="Site"))
            session.flush()
            where = {"organization_id": organization, "site_id": f"{organization}-site"}
            for point in POINTS[:2]:
                session.add(AccessPoint(id=f"{organization}-{point}", name_en=point, **where))
            session.add(Account(id=f"{organization}-account", organization_id=organization))
            session.flush()
            for number, born_on in enumerate(BORN):
                whose = {"organization_id": organization, "account_id": f"{organization}-account"}
                person = {"id": f"{organization}-p{number}", "first_name": "P", "last_name": str(number)}
                session.add(Person(date_of_birth=born_on, city=("Laval", "")[number % 2], **person, **whose))
        session.flush()
        for number in range(events):
            at = first + timedelta(seconds=chance.randrange(days * 86_400), microseconds=chance.randrange(1_000_000))
            made.append(_event(number, at, chance))
        entries = [each for each in made if each.kind in ("checked_in", "checked_out", "overridden")]
        for number, undone in enumerate(chance.sample(entries, len(entries) // 5), start=events):
            undoing = _event(number, undone.occurred_at + timedelta(minutes=chance.randrange(3000)), chance)
            undoing.kind, undoing.refers_to, undoing.person_id = "undone", undone.id, undone.person_id
            made.append(undoing)
        session.add_all(made)
        for number in range(50):
            session.add(_event(number, first + timedelta(hours=number), chance, organization="other"))
    return made


def _event(number: int, at: datetime, chance: random.Random, *, organization: str = ORGANIZATION) -> Event:
    kind, outcome = chance.choice(KINDS)
    person = None if kind == "anonymous_exit" else f"{organization}-{chance.choice(('p0', 'p1', 'p2', 'p3', 'lost'))}"
    return Event(
        id=f"{organization}-{number:05d}",
        organization_id=organization,
        site_id=f"{organization}-site",
        device_id=f"{organization}-door",
        seq=number + 1,
        prev_hash="0" * 64,
        access_point_id=f"{organization}-{chance.choice(POINTS)}",
        person_id=person,
        kind=kind,
        outcome=outcome,
        reasons=["balance_due", "capacity_full"] if outcome == "review" else ["entry_blocked"] * (outcome == "denied"),
        pass_type=chance.choice(("membership", "multipass", None)),
        occurred_at=at,
        recorded_at=at,
        is_offline=chance.random() < 0.3,
        flags=[],
        body="{}",
        body_hash="0" * 64,
    )


def by_hand(events: list[Event], wanted: Wanted, zone: ZoneInfo) -> list[Event]:
    """The events that count, one by one: by the local day, the filters, and whether they were undone."""
    gone = {each.refers_to for each in events if each.kind == "undone"}
    is_moving = wanted.what in (What.ENTRIES, What.EXITS)
    return [
        each
        for each in events
        if wanted.first_on <= each.occurred_at.astimezone(zone).date() <= wanted.last_on
        and each.kind in wanted.what.kinds
        and not (is_moving and each.id in gone)
        and (not wanted.point_ids or each.access_point_id in wanted.point_ids)
        and (wanted.pass_type is None or each.pass_type == wanted.pass_type)
        and (wanted.is_offline is None or each.is_offline is wanted.is_offline)
    ]


def some_filters(first_on: date, last_on: date) -> Iterator[Wanted]:
    """Each filter, and all of them at once."""
    given: list[dict[str, Any]] = [
        *({"what": each} for each in What),
        {"point_ids": (f"{ORGANIZATION}-pool", f"{ORGANIZATION}-gone")},
        {"pass_type": AccessType.MULTIPASS},
        {"is_offline": True},
        {"what": What.EXITS, "is_offline": False, "pass_type": AccessType.MEMBERSHIP, "point_ids": ("reported-gym",)},
    ]
    for each in given:
        yield Wanted(first_on=first_on, last_on=last_on, period=Period.CUSTOM, **each)


# The days the clocks change, a zone of half hours, and one whose days begin at another hour than midnight.
@pytest.mark.parametrize(
    ("zone_name", "first_on"),
    [
        ("America/Toronto", date(2026, 10, 31)),
        ("America/Toronto", date(2026, 3, 7)),
        ("America/St_Johns", date(2026, 10, 31)),
        ("Africa/Cairo", date(2026, 4, 23)),
    ],
)
def test_counts_are_those_of_counting_by_hand(database: Database, zone_name: str, first_on: date) -> None:
    """By hour, day, weekday, access point, kind, pass type, age group, city and reason, under every filter."""
    zone = ZoneInfo(zone_name)
    first = datetime(first_on.year, first_on.month, first_on.day, tzinfo=UTC) - timedelta(hours=18)
    events = fill(database, first, 5, events=700, seed=first_on.toordinal())
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for wanted in some_filters(first_on, first_on + timedelta(days=2)):
        mine = by_hand(events, wanted, zone)
        local = [each.occurred_at.astimezone(zone) for each in mine]
        found = service.figures(database, ORGANIZATION, wanted, zone=zone, now=now)
        assert found.total == len(mine)
        assert {place: number for place, number in enumerate(found.by_hour) if number} == Counter(
            each.hour for each in local
        )
        assert {day: number for day, number in found.by_day if number} == Counter(each.date() for each in local)
        assert dict(found.by_point) == Counter(each.access_point_id for each in mine)
        heat = Counter((each.weekday(), each.hour) for each in local)
        assert {(d, h): n for d, row in enumerate(found.heat) for h, n in enumerate(row) if n} == heat
        for by, key in {
            GroupBy.WEEKDAY: lambda each: each.occurred_at.astimezone(zone).isoweekday(),
            GroupBy.KIND: lambda each: each.kind,
            GroupBy.PASS_TYPE: lambda each: each.pass_type or "",
            GroupBy.OFFLINE: lambda each: "yes" if each.is_offline else "no",
            GroupBy.CITY: lambda each: {"0": "Laval", "2": "Laval"}.get((each.person_id or "?")[-1], ""),
            GroupBy.AGE_GROUP: lambda each: dict(zip("0123", ("adult", "child", "teen", "adult"), strict=True)).get(
                (each.person_id or "?")[-1], ""
            ),
        }.items():
            grouped = service.groups(database, ORGANIZATION, wanted, by, found=found, zone=zone, today=TODAY)
            assert {each.key: each.number for each in grouped} == Counter(map(key, mine)), by


def test_rows_come_in_order_without_gaps_in_pages_of_any_size(database: Database) -> None:
    """Newest and oldest first; many at one instant."""
    zone, first = ZoneInfo("America/Toronto"), datetime(2026, 6, 1, 4, tzinfo=UTC)
    events = fill(database, first, 1, events=120, seed=7)
    with database.write() as session:
        for each in session.query(Event).filter(Event.organization_id == ORGANIZATION).limit(60):
            each.occurred_at = first + timedelta(hours=3)
    wanted = Wanted(first_on=date(2026, 6, 1), last_on=date(2026, 6, 1), what=What.ALL)
    with database.read() as session:
        kept = [each for each in session.query(Event).all() if each.organization_id == ORGANIZATION]
    for is_oldest_first in (True, False):
        found, after = [], None
        while True:
            page = service.page(
                database, ORGANIZATION, wanted, zone=zone, after=after, is_oldest_first=is_oldest_first, limit=17
            )
            found += [row.event.id for row in page.rows]
            if page.next is None:
                break
            after = page.next
        listed = sorted(
            (each for each in kept if first <= each.occurred_at < first + timedelta(days=1)),
            key=lambda each: (each.occurred_at, each.id),
        )
        assert found == [each.id for each in (listed if is_oldest_first else listed[::-1])]
    assert len(events) > 120


def test_inside_through_the_day_follows_who_came_and_left(database: Database) -> None:
    """An undone entry was none, a second entry is no second person, somebody unknown takes one away."""
    zone, opens = ZoneInfo("America/Toronto"), datetime(2026, 6, 1, 12, tzinfo=UTC)
    fill(database, opens, 1, events=0, seed=1)
    chance = random.Random(1)
    told = (
        (1, "checked_in", "p0"),
        (2, "checked_in", "p1"),
        (3, "checked_in", "p1"),
        (20, "checked_out", "p0"),
        (21, "checked_in", "p2"),
        (22, "undone", "p2"),
        (35, "anonymous_exit", None),
        (36, "anonymous_exit", None),
        (50, "checked_in", "p3"),
    )
    with database.write() as session:
        for number, (minute, kind, person) in enumerate(told):
            event = _event(number, opens + timedelta(minutes=minute), chance)
            event.kind, event.access_point_id = kind, "reported-pool"
            event.person_id = person and f"{ORGANIZATION}-{person}"
            event.refers_to = f"{ORGANIZATION}-{number - 1:05d}" if kind == "undone" else None
            session.add(event)
    wanted = Wanted(first_on=date(2026, 6, 1), last_on=date(2026, 6, 1))
    now = opens + timedelta(minutes=70)
    levels = service.figures(database, ORGANIZATION, wanted, zone=zone, now=now).occupancy
    shown = {(each.at - opens) // timedelta(minutes=1): (each.inside, each.most) for each in levels if each.at >= opens}
    assert shown == {0: (2, 2), 15: (1, 2), 30: (0, 1), 45: (1, 1), 60: (1, 1)}
    assert all(each.most == 0 for each in levels if each.at < opens)
