"""A made-up town of any size for `gatehouse bench`: families of one to five with what real ones hold."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from access.domain.credentials import Code, Credential, CredentialKind, fingerprint
from access.domain.memberships import Membership
from access.domain.multipasses import Effective, Multipass, PassUse, Period
from access.domain.people import Account, Organization, Participant, Text
from access.domain.policy import AccessPoint, AccessRule, AccessType, BalanceRule, Mode
from access.domain.registrations import Activity, ActivityKind, Occurrence, Registration
from access.wire.feed import BODY_TYPES, SNAPSHOT_DDL, Body, dump_body

__all__ = ["EPOCH", "FINGERPRINT_KEY", "ORGANIZATION", "POINT", "SITE", "Town"]

ORGANIZATION, SITE, POINT, EPOCH = "bench", "town", "pool", "e1"
FINGERPRINT_KEY = hashlib.sha256(b"gatehouse bench").digest()
_KINDS = {type_: kind.value for kind, type_ in BODY_TYPES.items()}
_FAMILY_SIZES = (1, 2, 4, 1, 3, 5, 2, 1)
_ACTIVITIES = 40
_BATCH = 20_000
_Row = tuple[str, str, str | None, str]


class Town:
    """`people` people in families. What they hold depends on their number only."""

    def __init__(self, people: int) -> None:
        self.people = people
        self._today = datetime.now(UTC).date()

    def card(self, number: int) -> bytes:
        """What the scanner sends for a person's card."""
        return f"{_card(number)}\r".encode()

    def write(self, path: Path, progress: Callable[[int], None]) -> None:
        """Writes the snapshot file; `progress` hears how many people are written."""
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA cache_size = -262144")
            tables, index = SNAPSHOT_DDL[:2], SNAPSHOT_DDL[2]
            for statement in tables:
                connection.execute(statement)
            connection.executemany("INSERT INTO meta VALUES (?, ?)", self._meta())
            connection.execute("CREATE TEMP TABLE heap (kind TEXT, id TEXT, account_id TEXT, body TEXT)")
            connection.execute("BEGIN")
            rows: list[_Row] = []
            for row in self._rows(progress):
                rows.append(row)
                if len(rows) >= _BATCH:
                    connection.executemany("INSERT INTO heap VALUES (?, ?, ?, ?)", rows)
                    rows.clear()
            connection.executemany("INSERT INTO heap VALUES (?, ?, ?, ?)", rows)
            # In key order a table without row ids is written page after page.
            connection.execute("INSERT INTO entity SELECT * FROM heap ORDER BY kind, id")
            connection.execute(index)
            connection.execute("COMMIT")

    def _meta(self) -> list[tuple[str, str]]:
        made_at = datetime.now(UTC).isoformat()
        said = {"organization": ORGANIZATION, "site": SITE, "epoch": EPOCH, "seq": "1", "made_at": made_at}
        return list(said.items())

    def _rows(self, progress: Callable[[int], None]) -> Iterator[_Row]:
        for body in self._place():
            yield _row(body, None)
        number = family = 0
        while number < self.people:
            size = min(_FAMILY_SIZES[family % len(_FAMILY_SIZES)], self.people - number)
            for body in self._family(family, range(number, number + size)):
                yield _row(body, f"a{family}")
            for done in range(number, number + size):
                progress(done)
            number, family = number + size, family + 1

    def _place(self) -> Iterator[Body]:
        yield Organization(id=ORGANIZATION, name=Text("Bench", "Banc"), time_zone="America/Toronto")
        yield AccessPoint(
            id=POINT,
            name=Text("Pool", "Piscine"),
            site_id=SITE,
            duplicate_window_s=0,
            balance=BalanceRule(mode=Mode.REVIEW, threshold_cents=5000),
            access_rules=tuple(
                AccessRule(type=each) for each in (AccessType.MEMBERSHIP, AccessType.MULTIPASS, AccessType.SESSION)
            ),
        )
        start = datetime.combine(self._today, datetime.min.time(), UTC)
        for number in range(_ACTIVITIES):
            occurrences = tuple(
                Occurrence(
                    id=f"o{number}-{day}",
                    starts_at=start + timedelta(days=day, hours=number % 20),
                    ends_at=start + timedelta(days=day, hours=number % 20 + 1),
                )
                for day in (-1, 0, 1)
            )
            name = Text(f"Swimming level {number}", f"Natation niveau {number}")
            yield Activity(id=f"s{number}", kind=ActivityKind.SESSION, name=name, occurrences=occurrences)

    def _family(self, family: int, numbers: range) -> Iterator[Body]:
        account = f"a{family}"
        yield Account(id=account, balance_cents=12_000 if family % 25 == 7 else 0)
        for number in numbers:
            yield _person(number, account)
            code = Code(CredentialKind.BARCODE, _card(number))
            key = fingerprint(FINGERPRINT_KEY, code)
            yield Credential(fingerprint=key, person_id=f"p{number}", account_id=account, is_revoked=number % 97 == 0)
        people = tuple(f"p{number}" for number in numbers)
        yield from self._passes(family, account, people)

    def _passes(self, family: int, account: str, people: tuple[str, ...]) -> Iterator[Body]:
        match family % 5:
            case 0 | 1:
                ends_on = self._today + timedelta(days=family % 400 - 40) if family % 2 else None
                yield Membership(
                    id=f"m{family}",
                    account_id=account,
                    type_id=f"gym{family % 3}",
                    name=Text("Fitness and pool", "Forme et piscine"),
                    person_ids=people,
                    starts_on=date(2024, 1, 1),
                    ends_on=ends_on,
                )
            case 2:
                yield _multipass(f"x{family}", family, account, None, total=400)
                yield from self._uses(f"x{family}", people[0], 6)
            case 3:
                for number, person in enumerate(people):
                    multipass = f"x{family}-{number}"
                    yield _multipass(multipass, family, account, person, total=200)
                    yield from self._uses(multipass, person, family % 12)
            case _:
                yield _multipass(f"x{family}", family, account, None, total=None)
                for number, person in enumerate(people):
                    activity = f"s{(family + number) % _ACTIVITIES}"
                    yield Registration(
                        id=f"r{family}-{number}", account_id=account, person_id=person, activity_id=activity
                    )

    def _uses(self, multipass: str, person: str, count: int) -> Iterator[Body]:
        start = datetime.combine(self._today, datetime.min.time(), UTC)
        for number in range(count):
            yield PassUse(
                id=f"u{multipass}-{number}",
                multipass_id=multipass,
                person_id=person,
                used_at=start - timedelta(days=number + 1),
            )


def _card(number: int) -> str:
    return f"{20_000_000 + number * 7:010d}"


def _person(number: int, account: str) -> Participant:
    return Participant(
        id=f"p{number}",
        account_id=account,
        first_name=_FIRST_NAMES[number % len(_FIRST_NAMES)],
        last_name=_LAST_NAMES[number // 3 % len(_LAST_NAMES)],
        member_id=_card(number),
        picture=hashlib.sha256(str(number).encode()).hexdigest() if number % 4 else None,
    )


def _multipass(id_: str, family: int, account: str, person: str | None, *, total: int | None) -> Multipass:
    is_on_first_use = family % 3 == 0
    return Multipass(
        id=id_,
        account_id=account,
        type_id="swim",
        name=Text("Pool multipass", "Laissez-passer piscine"),
        purchased_on=date(2025, 1, 1),
        person_id=person,
        total=total,
        effective=Effective.ON_FIRST_USE if is_on_first_use else Effective.ON_PURCHASE,
        expires_after=Period(months=12) if is_on_first_use else None,
    )


def _row(body: Body, account: str | None) -> _Row:
    id_ = body.fingerprint if isinstance(body, Credential) else body.id
    return _KINDS[type(body)], id_, account, dump_body(body)


_FIRST_NAMES = ("Ava", "Zoé", "Liam", "Noah", "Léa", "Émile", "Mia", "Olivier", "Jade", "Sam", "Inès")
_LAST_NAMES = ("Tremblay", "Smith", "Roy", "Nguyen", "Gagnon", "Brown", "Côté", "Singh", "Bouchard", "Lee")
