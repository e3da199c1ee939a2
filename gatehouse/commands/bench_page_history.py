"""A made-up history of any size for `gatehouse bench page`: years of events over many accounts, one of them large.

The rows are written in bulk and their indexes built afterwards, which only an empty database of one's own allows.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from sqlalchemy import Table, text
from sqlalchemy.schema import CreateIndex, DropIndex

from gatehouse.commands.bench_history_rows import COLUMNS, Door, Happening, Whose, event_rows
from gatehouse.commands.bench_page_town import Block, account_id, person_id
from gatehouse.commands.bench_scratch import ORGANIZATION, Scratch, tell
from server.db import Database
from server.models import AccessPoint, Account, Device, Event, Multipass, MultipassType, Person, Site

__all__ = ["BIG_ACCOUNT", "BIG_PASS", "History", "big_person", "point_id"]

BIG_ACCOUNT: Final = "01900000-0000-7000-8001-000000000000"
BIG_PASS: Final = "01900000-0000-7000-8002-000000000000"
_TABLE: Final[Table] = Event.__table__  # type: ignore[assignment]
_POINTS, _OTHER_POINTS, _PEOPLE_OF_BIG = 20, 4, 25
_OPEN_MS, _DAY_MS = 16 * 3_600_000, 24 * 3_600_000
_EVERY_OTHER: Final = 25


@dataclass(frozen=True)
class History:
    """`events` events, `big` of them on one account, `busy` on the last day; every 25th is of another organization."""

    events: int
    big: int
    busy: int
    days: int
    last_day: date
    here: Block
    elsewhere: Block

    def write(self, place: Scratch) -> None:
        """Adds doors, the large account and the events to a database that has the other accounts."""
        self._places(place.database)
        indexes = sorted(_TABLE.indexes, key=lambda index: str(index.name))
        _each(place.database, (DropIndex(index, if_exists=True) for index in indexes))
        if not place.database.is_sqlite:
            _run(place.database, "ALTER TABLE event SET UNLOGGED")
        tell(f"  {self.events:,} events")
        place.bulk(_TABLE, COLUMNS, event_rows(self._happenings(), self._doors()))
        for index in indexes:
            tell(f"  index {index.name}")
            _each(place.database, [CreateIndex(index)])

    def _doors(self) -> list[Door]:
        here = [Door(ORGANIZATION, "site", device_id(each), point_id(each)) for each in range(_POINTS)]
        others = range(_POINTS, _POINTS + _OTHER_POINTS)
        return here + [Door(self.elsewhere.organization_id, "other", device_id(i), point_id(i)) for i in others]

    def _places(self, database: Database) -> None:
        here = {"organization_id": ORGANIZATION}
        with database.write() as session:
            session.add(Site(id="site", name_en="Site", **here))
            session.add(Site(id="other", name_en="Site", organization_id=self.elsewhere.organization_id))
            session.add(MultipassType(id="pool", name_en="Pool", total=10, **here))
            session.add(Account(id=BIG_ACCOUNT, name="A large family", **here))
            session.flush()
            for number, door in enumerate(self._doors()):
                of = {"organization_id": door.organization_id, "site_id": door.site_id}
                session.add(AccessPoint(id=door.access_point_id, name_en=f"Door {number}", **of))
                session.add(Device(id=door.device_id, name=f"Door {number}", secret_hash="-", **of))
            for place in range(_PEOPLE_OF_BIG):
                session.add(Person(id=big_person(place), account_id=BIG_ACCOUNT, first_name=f"Person {place}", **here))
            held = {"account_id": BIG_ACCOUNT, "type_id": "pool", "total": 10, "purchased_on": self.last_day}
            session.add(Multipass(id=BIG_PASS, **held, **here))

    def _happenings(self) -> Iterator[Happening]:
        """A few doors and families have most of it."""
        drawn = random.Random(1).random
        every = max(1, self.events // self.big)
        for number, at_ms in enumerate(self._instants()):
            if number % _EVERY_OTHER == _EVERY_OTHER - 1:
                door = _POINTS + int(drawn() * _OTHER_POINTS)
                yield Happening(at_ms, door, _someone(self.elsewhere, drawn(), drawn(), drawn()))
            elif number % every == 0 and number // every < self.big:
                pass_id = _pass(BIG_ACCOUNT, drawn())
                whose = Whose(BIG_ACCOUNT, big_person(int(drawn() * _PEOPLE_OF_BIG)), pass_id)
                yield Happening(at_ms, int(drawn() ** 2 * _POINTS), whose)
            else:
                door = int(drawn() ** 2 * _POINTS)
                yield Happening(at_ms, door, _someone(self.here, drawn() ** 2, drawn(), drawn()))

    def _instants(self) -> Iterator[int]:
        """Sixteen hours a day, over years; the last day is a busy one. Milliseconds since 1970."""
        calm = max(0, self.events - self.busy)
        opening = int(datetime.combine(self.last_day, time(11), UTC).timestamp()) * 1000
        first, whole = opening - self.days * _DAY_MS, self.days * _OPEN_MS
        for number in range(calm):
            day, within = divmod(whole * number // calm, _OPEN_MS)
            yield first + day * _DAY_MS + within
        for number in range(self.events - calm):
            yield opening + _OPEN_MS * number // self.busy


def _someone(block: Block, which: float, who: float, chance: float) -> Whose:
    family = block.first_family + int(which * block.families)
    account = account_id(family)
    return Whose(account, person_id(block.member(family, who)), _pass(account, chance))


def _pass(account: str, chance: float) -> str | None:
    """Two thirds have a membership; the large account's own pass is one of two hundred events."""
    if account == BIG_ACCOUNT and chance > 0.995:
        return BIG_PASS
    return f"{account[:14]}9{account[15:]}-{int(chance * 40)}" if chance > 0.7 else None


def _each(database: Database, statements: Iterable[CreateIndex | DropIndex]) -> None:
    with database.write_engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        for statement in statements:
            connection.execute(statement)


def _run(database: Database, statement: str) -> None:
    with database.write_engine.begin() as connection:
        connection.execute(text(statement))


def big_person(place: int) -> str:
    """Somebody of the large account."""
    return f"01900000-0000-7000-9{place + 1:03x}-000000000000"


def point_id(number: int) -> str:
    """An access point."""
    return f"01900000-0000-7000-a000-{number:012x}"


def device_id(number: int) -> str:
    """The door there."""
    return f"01900000-0000-7000-b000-{number:012x}"
