"""Children who become teens and teens who become adults at midnight, without anyone's doing, told to the doors."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select

from server.accounts.ages import AgeKeeper
from server.db import Database
from server.feed.projection import CLOCK
from server.models import FeedEntry, FeedHead, Organization, Person

_BEFORE = datetime(2026, 3, 10, 3, 59, 59, tzinfo=UTC)
"""The last second of the 9th in Toronto."""


class _Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def _born(database: Database, id_: str, born_on: date, at: datetime) -> None:
    with database.write() as session:
        session.info[CLOCK] = lambda: at
        session.add(Person(id=id_, organization_id="club", account_id="family", first_name=id_, date_of_birth=born_on))


def _groups(database: Database, since: int) -> dict[str, str]:
    with database.read() as session:
        found = session.scalars(select(FeedEntry).where(FeedEntry.seq > since).order_by(FeedEntry.seq))
        bodies = [json.loads(each.body or "{}") for each in found if each.kind == "person"]
    return {body["id"]: body.get("age_group", "adult") for body in bodies}


def _seq(database: Database) -> int:
    with database.read() as session:
        return session.get_one(FeedHead, "club").seq


def test_a_birthday_reaches_the_doors_at_local_midnight(club: Database) -> None:
    """Not before it, and once."""
    _born(club, "thirteen", date(2013, 3, 10), _BEFORE)
    _born(club, "eighteen", date(2008, 3, 10), _BEFORE)
    _born(club, "nine", date(2017, 3, 10), _BEFORE)
    clock = _Clock(_BEFORE)
    keeper = AgeKeeper(club, now=clock)
    keeper.catch_up()
    before = _seq(club)
    assert keeper.catch_up() == 0
    clock.at += timedelta(seconds=1)
    assert keeper.catch_up() == 2
    assert _groups(club, before) == {"thirteen": "teen", "eighteen": "adult"}
    after = _seq(club)
    clock.at += timedelta(hours=23)
    assert keeper.catch_up() == 0
    assert _seq(club) == after


def test_missed_midnights_are_caught_up_with(sqlite_club: Database) -> None:
    """The server was off for a month."""
    _born(sqlite_club, "thirteen", date(2013, 3, 20), _BEFORE)
    AgeKeeper(sqlite_club, now=_Clock(_BEFORE)).catch_up()
    before = _seq(sqlite_club)
    assert AgeKeeper(sqlite_club, now=_Clock(_BEFORE + timedelta(days=30))).catch_up() == 1
    assert _groups(sqlite_club, before) == {"thirteen": "teen"}


def test_the_29th_of_february_turns_on_the_first_of_march(sqlite_club: Database) -> None:
    """In a year that has none."""
    _born(sqlite_club, "leap", date(2008, 2, 29), _BEFORE)
    clock = _Clock(datetime(2026, 2, 28, 12, tzinfo=UTC))
    keeper = AgeKeeper(sqlite_club, now=clock)
    keeper.catch_up()
    clock.at = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)
    assert keeper.catch_up() == 0
    clock.at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert keeper.catch_up() == 1


def test_each_organization_has_its_own_midnight(sqlite_club: Database) -> None:
    """In Vancouver it is still yesterday."""
    with sqlite_club.write() as session:
        session.get_one(Organization, "club").time_zone = "America/Vancouver"
    _born(sqlite_club, "thirteen", date(2013, 3, 10), _BEFORE)
    clock = _Clock(_BEFORE)
    keeper = AgeKeeper(sqlite_club, now=clock)
    keeper.catch_up()
    clock.at = _BEFORE + timedelta(hours=2)
    assert keeper.catch_up() == 0
    clock.at = _BEFORE + timedelta(hours=3, seconds=1)
    assert keeper.catch_up() == 1
