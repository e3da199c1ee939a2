"""Retention makes counts of events: the report's figures are what they were before, without the people."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.admin.report_export import report_csv
from server.admin.say import Say
from server.db import Database
from server.models import Device, DeviceMark, Event
from server.reports import service
from server.reports.service import Figures, Group
from server.reports.wanted import GroupBy, Wanted, What
from server.retention import movements
from tests.component.server.test_reports import ORGANIZATION, TODAY, fill, some_filters

ZONE = ZoneInfo("America/Toronto")
FIRST_ON = date(2026, 3, 7)
DOOR = f"{ORGANIZATION}-door"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OF_EVERYBODY = (GroupBy.DAY, GroupBy.HOUR, GroupBy.WEEKDAY, GroupBy.ACCESS_POINT, GroupBy.KIND, GroupBy.PASS_TYPE)


def reduce(database: Database, through: int) -> int:
    """Makes counts of the door's events up to a number."""
    with database.write() as session:
        mark = session.get(DeviceMark, DOOR)
        if mark is None:
            site = f"{ORGANIZATION}-site"
            session.add(Device(id=DOOR, organization_id=ORGANIZATION, site_id=site, name="Door", secret_hash="0" * 64))
            session.flush()
            mark = DeviceMark(device_id=DOOR, ranges=[], parked=[])
            session.add(mark)
        mark.through_seq = mark.max_seq = through
        session.flush()
        return movements.reduce_chunk(session, DOOR, before=NOW, now=NOW, zone=ZONE, limit=10_000)


def figures(database: Database, wanted: Wanted) -> Figures:
    """What the charts show, but for what only events can tell."""
    found = service.figures(database, ORGANIZATION, wanted, zone=ZONE, now=NOW)
    return replace(found, only_counted=0, reasons=(), occupancy=())


def grouped(database: Database, wanted: Wanted, by: GroupBy) -> list[Group]:
    """The counts by one thing."""
    found = service.figures(database, ORGANIZATION, wanted, zone=ZONE, now=NOW)
    return service.groups(database, ORGANIZATION, wanted, by, found=found, zone=ZONE, today=TODAY)


def in_the_file(database: Database, wanted: Wanted, *, is_oldest_first: bool = True) -> list[list[str]]:
    """The rows of the CSV file."""
    say = Say("en", ZONE, NOW, "CAD")
    chunks = report_csv(database, ORGANIZATION, wanted, ("time", "kind", "pass_type"), say, is_oldest_first)
    return list(csv.reader(io.StringIO(b"".join(chunks).decode("utf-8-sig"))))[1:]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_of_days_that_became_counts_are_what_they_were(database: Database, seed: int) -> None:
    """Also of what was undone before, while or after its events went; nothing is known of what was decided offline."""
    first = datetime(2026, 3, 6, 10, tzinfo=UTC)
    events = fill(database, first, 5, events=300, seed=seed)
    asked = [each for each in some_filters(FIRST_ON, FIRST_ON + timedelta(days=2)) if each.is_offline is None]
    before = [figures(database, each) for each in asked]
    groups = {by: grouped(database, asked[0], by) for by in OF_EVERYBODY}
    for through in (150, 310, len(events)):
        assert reduce(database, through) > 0
        assert [figures(database, each) for each in asked] == before
        assert {by: grouped(database, asked[0], by) for by in OF_EVERYBODY} == groups
        for wanted, found in zip(asked, before, strict=True):
            rows = in_the_file(database, wanted)
            assert sum(int(row[-1]) for row in rows) == found.total
            assert [row[0][:13] for row in rows] == sorted(row[0][:13] for row in rows)
    with database.read() as session:
        assert session.query(Event).filter_by(organization_id=ORGANIZATION).count() == 0
    rows = in_the_file(database, asked[0], is_oldest_first=False)
    assert {row[-2] for row in rows} == {"count only"}
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    entries = Wanted(first_on=FIRST_ON, last_on=FIRST_ON + timedelta(days=2))
    found = service.figures(database, ORGANIZATION, entries, zone=ZONE, now=NOW)
    assert found.only_counted == found.total > 0
    for by in (GroupBy.AGE_GROUP, GroupBy.CITY, GroupBy.OFFLINE):
        assert [(each.key, each.number) for each in grouped(database, entries, by)] == [("", found.total)]
    assert figures(database, replace(entries, is_offline=True)).total == 0


def test_an_undoing_at_a_door_that_was_reduced_first_still_counts(database: Database) -> None:
    """The undoing goes while what it undoes is still an event of another door."""
    first = datetime(2026, 3, 7, 15, tzinfo=UTC)
    fill(database, first, 1, events=0, seed=3)
    with database.write() as session:
        for number, (kind, door, refers_to) in enumerate(
            (("checked_in", "second-door", None), ("undone", DOOR, "event-0"), ("checked_in", "second-door", None))
        ):
            session.add(
                Event(
                    id=f"event-{number}",
                    organization_id=ORGANIZATION,
                    site_id=f"{ORGANIZATION}-site",
                    device_id=door,
                    seq=number or 9,
                    prev_hash="0" * 64,
                    access_point_id=f"{ORGANIZATION}-pool",
                    kind=kind,
                    outcome="granted",
                    reasons=[],
                    refers_to=refers_to,
                    occurred_at=first + timedelta(minutes=number),
                    recorded_at=first + timedelta(minutes=number),
                    is_offline=False,
                    flags=[],
                    body="{}",
                    body_hash="0" * 64,
                )
            )
    wanted = Wanted(first_on=FIRST_ON, last_on=FIRST_ON, what=What.ENTRIES)
    assert figures(database, wanted).total == 1
    before = figures(database, wanted)
    assert reduce(database, 1) == 1
    assert figures(database, wanted) == before
    # Of what was undone the event is there, and its undoing a number below zero, which is no formula.
    assert sorted(row[-2:] for row in in_the_file(database, wanted)) == [
        ["count only", "-1"],
        ["event", "1"],
        ["event", "1"],
    ]
    with database.read() as session:
        assert session.query(Event).filter_by(organization_id=ORGANIZATION).count() == 2
