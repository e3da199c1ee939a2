"""A made-up history of any size for `gatehouse bench page`: years of events over many accounts, one of them large.

The rows are written in bulk and their indexes built afterwards, which only an empty database of one's own allows.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.schema import CreateIndex, DropIndex

from gatehouse.commands.bench_scratch import ORGANIZATION, Scratch, tell
from server.db import Database
from server.models import (
    AccessPoint,
    Account,
    Device,
    Event,
    Multipass,
    MultipassType,
    Person,
    Site,
)

__all__ = ["BIG_ACCOUNT", "BIG_PASS", "History"]

BIG_ACCOUNT: Final = "01900000-0000-7000-8000-000000000000"
BIG_PASS: Final = "01900000-0000-7000-8001-000000000000"
_TABLE: Final[Table] = Event.__table__  # type: ignore[assignment]
_COLUMNS: Final = tuple(column.name for column in _TABLE.columns)
_POINTS, _PEOPLE_OF_BIG, _DAYS = 20, 25, 1825
# kind, outcome, reasons, how many of a thousand; what is left over is a plain entry.
_KINDS: Final = (
    ("checked_out", "granted", "[]", 120),
    ("denied", "denied", '["membership_expired"]', 30),
    ("repeated", "granted", "[]", 20),
    ("review_requested", "review", '["balance_due"]', 15),
    ("review_approved", "granted", '["balance_due"]', 12),
    ("undone", "granted", "[]", 3),
    ("overridden", "granted", '["multipass_depleted"]', 2),
)
_PLAIN: Final = ("checked_in", "granted", "[]")


@dataclass(frozen=True)
class History:
    """`events` events, `big` of them on one account, `busy` on the last day, the others over `accounts` accounts."""

    events: int
    big: int
    busy: int
    accounts: int
    last_day: date

    def write(self, place: Scratch) -> None:
        """Adds doors, the large account and the events to a database that has the other accounts."""
        self._places(place.database)
        indexes = sorted(_TABLE.indexes, key=lambda index: str(index.name))
        _each(place.database, (DropIndex(index) for index in indexes))
        tell(f"  {self.events:,} events")
        place.bulk(_TABLE, _COLUMNS, self._rows())
        for index in indexes:
            tell(f"  index {index.name}")
            _each(place.database, [CreateIndex(index)])

    def _places(self, database: Database) -> None:
        here = {"organization_id": ORGANIZATION}
        with database.write() as session:
            session.add(Site(id="site", name_en="Site", **here))
            session.add(MultipassType(id="pool", name_en="Pool", total=10, **here))
            session.add(Account(id=BIG_ACCOUNT, name="A large family", **here))
            session.flush()
            for number in range(_POINTS):
                session.add(AccessPoint(id=_point(number), site_id="site", name_en=f"Door {number}", **here))
                session.add(Device(id=_device(number), site_id="site", name=f"Door {number}", secret_hash="-", **here))
            for place in range(_PEOPLE_OF_BIG):
                session.add(Person(id=_big_person(place), account_id=BIG_ACCOUNT, first_name=f"Person {place}", **here))
            held = {"account_id": BIG_ACCOUNT, "type_id": "pool", "total": 10, "purchased_on": self.last_day}
            session.add(Multipass(id=BIG_PASS, **held, **here))

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        """The events in the order they happened."""
        rnd, drawn = random.Random(1), random.Random(1).random
        seqs = [0] * _POINTS
        kinds = [each[:3] for each in _KINDS for _ in range(each[3])]
        kinds += [_PLAIN] * (1000 - len(kinds))
        rnd.shuffle(kinds)
        every = max(1, self.events // self.big)
        for number, at in enumerate(self._instants()):
            is_big = number % every == 0 and number // every < self.big
            point = int(drawn() ** 2 * _POINTS)
            seqs[point] += 1
            family = int(drawn() ** 2 * self.accounts)
            account = BIG_ACCOUNT if is_big else f"a{family}"
            person = _big_person(int(drawn() * _PEOPLE_OF_BIG)) if is_big else f"p{family * 19 // 8}"
            yield _row(number, at, (point, seqs[point]), (account, person), kinds[int(drawn() * 1000)], drawn())

    def _instants(self) -> Iterator[datetime]:
        """Sixteen hours a day, over years; the last day is a busy one."""
        calm = max(0, self.events - self.busy)
        first = datetime.combine(self.last_day - timedelta(days=_DAYS), datetime.min.time(), UTC) + timedelta(hours=11)
        step = timedelta(hours=16) * _DAYS / max(1, calm)
        hours = timedelta(hours=16)
        for number in range(calm):
            day, within = divmod(step * number, hours)
            yield first + timedelta(days=day) + within
        opening = datetime.combine(self.last_day, datetime.min.time(), UTC) + timedelta(hours=11)
        for number in range(self.events - calm):
            yield opening + hours * number / self.busy


def _row(
    number: int,
    at: datetime,
    at_door: tuple[int, int],
    whose: tuple[str, str],
    kind: tuple[str, str, str],
    chance: float,
) -> tuple[Any, ...]:
    (point, seq), (account, person), (what, outcome, reasons) = at_door, whose, kind
    id_ = f"{int(at.timestamp() * 1000):012x}{number:08x}"
    id_ = f"{id_[:8]}-{id_[8:12]}-7{number % 4096:03x}-8000-0000{id_[12:]}"
    flags = '["overdrawn"]' if chance < 0.0005 else '["late"]' if chance < 0.02 else "[]"
    is_pass = chance > 0.7
    pass_id = (BIG_PASS if chance > 0.995 else f"pass-{account}-{int(chance * 40)}") if is_pass else f"member-{account}"
    text = at.isoformat(" ", "microseconds")[:26]
    is_staff = what in ("review_approved", "undone", "overridden")
    body = (
        f'{{"access_point":"{_point(point)}","account":"{account}","boot_id":"b","clock":"trusted",'
        f'"credential":{{"fingerprint":"{number:032x}","kind":"barcode"}},"device":"{_device(point)}",'
        f'"entitlement":{{"id":"{pass_id}","name":"Pool","remaining":3,"takes_use":false,"type":"multipass"}},'
        f'"id":"{id_}","kind":"{what}","outcome":"{outcome}","person":"{person}","seq":{seq},"v":1}}'
    )
    return (
        id_,
        ORGANIZATION,
        "site",
        _device(point),
        seq,
        f"{number:064x}",
        _point(point),
        account,
        person,
        what,
        outcome,
        reasons,
        "multipass" if is_pass else "membership",
        pass_id,
        "Pool" if is_pass else "Family membership",
        "barcode",
        text,
        text,
        False,
        "kim" if is_staff else None,
        None,
        flags,
        flags != "[]",
        body,
        f"{number:064x}",
    )


def _each(database: Database, statements: Iterable[CreateIndex | DropIndex]) -> None:
    with database.write_engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def _big_person(place: int) -> str:
    return f"01900000-0000-7000-9{place:03x}-000000000000"


def _point(number: int) -> str:
    return f"01900000-0000-7000-a000-{number:012x}"


def _device(number: int) -> str:
    return f"01900000-0000-7000-b000-{number:012x}"
