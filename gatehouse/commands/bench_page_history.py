"""A made-up history of any size for `gatehouse bench page`: years of events over many accounts, one of them large.

The rows are written in bulk and their indexes built afterwards, which only an empty database of one's own allows.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, insert
from sqlalchemy.schema import CreateIndex, DropIndex

from server.db import Database
from server.models import (
    AccessPoint,
    Account,
    Device,
    Event,
    Multipass,
    MultipassType,
    Organization,
    Person,
    Site,
)

__all__ = ["BIG_ACCOUNT", "BIG_PASS", "ORGANIZATION", "History"]

ORGANIZATION: Final = "bench"
BIG_ACCOUNT: Final = "01900000-0000-7000-8000-000000000000"
BIG_PASS: Final = "01900000-0000-7000-8001-000000000000"
_TABLE: Final[Table] = Event.__table__  # type: ignore[assignment]
_COLUMNS: Final = tuple(column.name for column in _TABLE.columns)
_POINTS, _PEOPLE_OF_BIG, _DAYS = 20, 25, 1825
_BATCH = 20_000
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
    """`events` events, `big` of them on one account, `busy` of them on the last whole day."""

    events: int
    big: int
    busy: int
    last_day: date = field(default_factory=lambda: datetime.now(UTC).date() - timedelta(days=1))

    @property
    def accounts(self) -> int:
        """How many accounts share the events."""
        return max(2, min(200_000, self.events // 50))

    def write(self, database: Database, tell: Callable[[str], None]) -> None:
        """Fills an empty, migrated database."""
        self._places(database)
        self._people(database)
        tell(f"writing {self.events:,} events")
        indexes = sorted(_TABLE.indexes, key=lambda index: str(index.name))
        self._each(database, (DropIndex(index) for index in indexes))
        (_to_sqlite if database.is_sqlite else _to_postgresql)(database, self._rows(tell))
        for index in indexes:
            tell(f"  index {index.name}")
            self._each(database, [CreateIndex(index)])
        if database.is_sqlite:
            _durable_again(database)
        else:
            with database.write_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE event")

    def _each(self, database: Database, statements: Iterable[CreateIndex | DropIndex]) -> None:
        with database.write_engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)

    def _places(self, database: Database) -> None:
        with database.write() as session:
            session.add(Organization(id=ORGANIZATION, name_en="Bench", time_zone="America/Toronto"))
            session.flush()
            session.add(Site(id="site", organization_id=ORGANIZATION, name_en="Site"))
            session.flush()
            for number in range(_POINTS):
                place = {"organization_id": ORGANIZATION, "site_id": "site"}
                session.add(AccessPoint(id=_point(number), name_en=f"Door {number}", settings={}, **place))
                session.add(Device(id=_device(number), name=f"Door {number}", secret_hash="0" * 64, **place))

    def _people(self, database: Database) -> None:
        now = datetime.now(UTC)
        accounts = [
            {"id": _account(number), "organization_id": ORGANIZATION, "name": f"Family {number}", "created_at": now}
            for number in range(self.accounts)
        ]
        people = [
            {
                "id": _person(number, place),
                "organization_id": ORGANIZATION,
                "account_id": _account(number),
                "first_name": f"First{place}",
                "last_name": f"Last{number}",
                "created_at": now,
            }
            for number in range(self.accounts)
            for place in range(_PEOPLE_OF_BIG if number == 0 else 2)
        ]
        with database.write_engine.begin() as connection:
            for model, rows in ((Account, accounts), (Person, people)):
                for batch in _batches(rows):
                    connection.execute(insert(model.__table__), batch)  # type: ignore[arg-type]
        with database.write() as session:
            session.add(MultipassType(id="pool", organization_id=ORGANIZATION, name_en="Pool", total=10))
            session.flush()
            held = {"organization_id": ORGANIZATION, "account_id": BIG_ACCOUNT, "type_id": "pool", "total": 10}
            session.add(Multipass(id=BIG_PASS, purchased_on=now.date(), **held))

    def _rows(self, tell: Callable[[str], None]) -> Iterator[tuple[Any, ...]]:
        """The events in the order they happened."""
        rnd, drawn = random.Random(1), random.Random(1).random
        seqs = [0] * _POINTS
        kinds = [each[:3] for each in _KINDS for _ in range(each[3])]
        kinds += [_PLAIN] * (1000 - len(kinds))
        rnd.shuffle(kinds)
        every = max(1, self.events // self.big)
        for number, at in enumerate(self._instants()):
            if number % 1_000_000 == 0 and number:
                tell(f"  {number:,}")
            is_big = number % every == 0 and number // every < self.big
            point = int(drawn() ** 2 * _POINTS)
            seqs[point] += 1
            family = 0 if is_big else 1 + int(drawn() ** 2 * (self.accounts - 1))
            person = _person(family, int(drawn() * (_PEOPLE_OF_BIG if is_big else 2)))
            yield _row(number, at, point, seqs[point], family, person, kinds[int(drawn() * 1000)], drawn())

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
    point: int,
    seq: int,
    family: int,
    person: str,
    kind: tuple[str, str, str],
    chance: float,
) -> tuple[Any, ...]:
    what, outcome, reasons = kind
    id_ = f"{int(at.timestamp() * 1000):012x}{number:08x}"
    id_ = f"{id_[:8]}-{id_[8:12]}-7{number % 4096:03x}-8000-0000{id_[12:]}"
    flags = '["overdrawn"]' if chance < 0.0005 else '["late"]' if chance < 0.02 else "[]"
    is_pass = chance > 0.7
    pass_id = (BIG_PASS if chance > 0.995 else f"pass-{family}-{int(chance * 40)}") if is_pass else f"member-{family}"
    text = at.isoformat(" ", "microseconds")[:26]
    is_staff = what in ("review_approved", "undone", "overridden")
    body = (
        f'{{"access_point":"{_point(point)}","account":"{_account(family)}","boot_id":"b","clock":"trusted",'
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
        _account(family),
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


def _to_sqlite(database: Database, rows: Iterator[tuple[Any, ...]]) -> None:
    raw = database.write_engine.raw_connection()
    cursor = raw.cursor()
    # Nobody else has it open yet: without a journal every byte is written once.
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -524288"):
        cursor.execute(f"PRAGMA {pragma}")
    statement = f"INSERT INTO event ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
    for batch in _batches(rows, 500_000):
        cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(statement, batch)
        cursor.execute("COMMIT")
    cursor.close()
    raw.close()


def _durable_again(database: Database) -> None:
    raw = database.write_engine.raw_connection()
    cursor = raw.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -2000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    raw.close()


def _to_postgresql(database: Database, rows: Iterator[tuple[Any, ...]]) -> None:
    raw = database.write_engine.raw_connection()
    with raw.cursor() as cursor, cursor.copy(f"COPY event ({', '.join(_COLUMNS)}) FROM STDIN") as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(row)
    raw.commit()
    raw.close()


def _batches(rows: Iterable[Any], size: int = _BATCH) -> Iterator[list[Any]]:
    waiting = iter(rows)
    while batch := list(itertools.islice(waiting, size)):
        yield batch


def _account(number: int) -> str:
    return f"01900000-0000-7000-8000-{number:012x}"


def _person(family: int, place: int) -> str:
    return f"01900000-0000-7000-9{place:03x}-{family:012x}"


def _point(number: int) -> str:
    return f"01900000-0000-7000-a000-{number:012x}"


def _device(number: int) -> str:
    return f"01900000-0000-7000-b000-{number:012x}"
