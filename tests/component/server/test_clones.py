"""One card at two places at once: found whichever scan comes first, flagged once, and only when it is impossible."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from access.wire.topics import Channel, DeviceTopic
from server.db import Database
from server.ingest.clones import BETWEEN_DOORS, BETWEEN_SITES
from server.ingest.service import record_batch
from server.models import AccessPoint, Alarm, Device, Event, Site

CARD = {"kind": "nfc", "fingerprint": "a" * 32}


@pytest.fixture
def venue(club: Database) -> Database:
    """The club with a second door at its site, and a door at another site."""
    with club.write() as session:
        session.add(Site(id="annex", organization_id="club", name_en="Annex"))
        session.flush()
        session.add(AccessPoint(id="far", organization_id="club", site_id="annex", name_en="Far"))
        for id_, site in (("side", "main"), ("far-door", "annex")):
            session.add(Device(id=id_, organization_id="club", site_id=site, name=id_, secret_hash="x"))
    return club


def _at(now: datetime, after: timedelta) -> str:
    return (now + after).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _record(database: Database, pen: Any, site: str, events: list[dict[str, Any]], now: datetime) -> None:
    with database.write() as session:
        topic = DeviceTopic("club", site, pen.device, Channel.EVENTS)
        record_batch(session, topic, pen.batch(*events), now=now)


def _flagged(database: Database) -> set[str]:
    with database.read() as session:
        return {row.device_id for row in session.scalars(select(Event)) if "clone" in row.flags}


def _scans(pen: Any, now: datetime, after: timedelta, other: str, **more: Any) -> list[tuple[Any, str, dict[str, Any]]]:
    site, point = ("annex", "far") if other == "far-door" else ("main", "exit")
    first, second = pen("door"), pen(other, access_point=point)
    here = first.event(credential=CARD, occurred_at=_at(now, timedelta()))
    there = second.event(**{"credential": CARD, "occurred_at": _at(now, after), **more})
    return [(first, "main", here), (second, site, there)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0, 1)])
@pytest.mark.parametrize("after", [BETWEEN_SITES - timedelta(seconds=1), timedelta(seconds=1) - BETWEEN_SITES])
def test_two_sites_at_once_whatever_came_first(
    venue: Database, pen: Any, now: datetime, order: tuple[int, ...], after: timedelta
) -> None:
    """Both scans are flagged, one alarm is raised, and saying it again changes nothing."""
    scans = _scans(pen, now, after, "far-door")
    for place in order:
        maker, site, event = scans[place]
        _record(venue, maker, site, [event], now)
    assert _flagged(venue) == {"door", "far-door"}
    with venue.read() as session:
        (alarm,) = session.scalars(select(Alarm).where(Alarm.kind == "card_cloned"))
    assert alarm.subject == "ann"
    assert {alarm.details["event"], alarm.details["other"]} == {scans[0][2]["id"], scans[1][2]["id"]}


@pytest.mark.parametrize(
    ("after", "other", "more", "is_clone"),
    [
        (BETWEEN_SITES, "far-door", {}, False),
        (BETWEEN_DOORS - timedelta(milliseconds=1), "side", {}, True),
        (BETWEEN_DOORS, "side", {}, False),
        (timedelta(seconds=1), "far-door", {"clock": "untrusted"}, False),
        (timedelta(seconds=1), "far-door", {"credential": {"kind": "nfc", "fingerprint": "b" * 32}}, False),
        (timedelta(seconds=1), "far-door", {"credential": None}, False),
        (timedelta(seconds=1), "far-door", {"kind": "denied", "outcome": "denied", "reasons": ["balance_due"]}, True),
        (timedelta(seconds=1), "far-door", {"kind": "review_approved", "staff": "kim"}, False),
    ],
)
def test_what_is_possible_is_not_flagged(
    venue: Database, pen: Any, now: datetime, after: timedelta, other: str, more: dict[str, Any], is_clone: bool
) -> None:
    """Time enough, a clock that is not believed, another card, or staff at a desk: no copy."""
    for order in itertools.islice(_scans(pen, now, after, other, **more), 2):
        maker, site, event = order
        _record(venue, maker, site, [event], now)
    assert _flagged(venue) == ({"door", other} if is_clone else set())


def test_a_second_reader_of_the_same_door_is_no_copy(venue: Database, pen: Any, now: datetime) -> None:
    """Two antennas may see one card."""
    maker = pen("door")
    here = maker.event(credential=CARD)
    there = maker.event(credential=CARD, access_point="exit")
    _record(venue, maker, "main", [here, there], now)
    assert _flagged(venue) == set()
