"""What the desk looks up in the cache: staff, people by name or number, activities of a day, who may fetch a child.

Through connections of its own, a second one for what pages ask four times a second: a long search never holds up a
scan, nor the beat of a page.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from access.domain.facts import ClockTrust
from access.domain.names import without_accents
from access.domain.people import AllowedAdult, Language, Participant, Text
from access.domain.places import Facility
from access.domain.policy import AccessPoint
from access.domain.registrations import Activity, Registration, RegistrationStatus
from access.domain.staff import StaffMember
from access.wire.errors import WireError
from access.wire.feed import Body, EntityKind, load_body
from edge_agent.cache import SqliteCache
from edge_agent.errors import CacheFault
from edge_agent.gather import FactsReader, Known, Rules
from edge_agent.ledger import SqliteLedger

__all__ = ["MAX_FOUND", "DeskDirectory"]

MAX_FOUND = 20
_ALL = "SELECT body FROM entity WHERE kind = ?"
_ONE = "SELECT body FROM entity WHERE kind = ? AND id = ?"
_OF_ACCOUNT = "SELECT body FROM entity WHERE account_id = ? AND kind = ?"
_NAMES = (
    "SELECT id, json_extract(body, '$.first_name'), json_extract(body, '$.last_name'),"
    " json_extract(body, '$.member_id') FROM entity WHERE kind = 'person'"
)
_T = TypeVar("_T")


class DeskDirectory:
    """Thread-safe. Methods raise `CacheFault` when there is no usable cache."""

    def __init__(self, cache: SqliteCache, ledger: SqliteLedger) -> None:
        self._cache = cache
        self._facts = FactsReader(cache, ledger)
        self._lock = threading.Lock()
        self._quick = FactsReader(cache, ledger)
        self._quick_lock = threading.Lock()
        self._staff: dict[str, StaffMember] = {}
        self._names: list[tuple[str, str, str]] = []
        self._staff_as_of: object = None
        self._names_as_of: object = None

    def staff(self) -> list[StaffMember]:
        """Everybody who may sign in at a desk; nobody while there is no cache."""
        with self._quick_lock:
            if self._staff_as_of != (as_of := self._version()):
                with suppress(CacheFault):
                    members = self._quick.reading(lambda connection: list(_loaded(connection, EntityKind.STAFF)))
                    self._staff = {each.id: each for each in members if isinstance(each, StaffMember)}
                    self._staff_as_of = as_of
            return list(self._staff.values())

    def staff_name(self, staff_id: str | None) -> str | None:
        """The name of a staff member; None for one who has left."""
        return next((each.name for each in self.staff() if each.id == staff_id), None) if staff_id else None

    def rules(self) -> Rules:
        """The organization and its access points."""
        with self._quick_lock:
            return self._quick.rules()

    def person(self, person_id: str) -> Participant | None:
        """One person; None for somebody the centre has not told of, or no longer."""
        with self._lock, suppress(CacheFault):
            return self._facts.participant(person_id)
        return None

    def known(self, person_id: str, point: AccessPoint, *, now: datetime, clock: ClockTrust) -> Known | None:
        """Everything a decision about the person at the access point needs."""
        with self._lock:
            return self._facts.known_person(person_id, point, self._facts.rules(), now=now, clock=clock)

    def search(self, text: str) -> list[Participant]:
        """At most 20 people whose name has every word of the text, or whose number begins with it; nearest first."""
        words = without_accents(text).split()
        if not words:
            return []
        ranked = sorted(found for each in self._indexed() if (found := _rank(words, *each)) is not None)
        found_people = (self.person(id_) for _, _, id_ in ranked[:MAX_FOUND])
        return [each for each in found_people if each is not None]

    def adults(self, child: Participant) -> list[AllowedAdult]:
        """Who may pick up the child."""
        found = self._reading(lambda connection: list(_of_account(connection, child, EntityKind.ALLOWED_ADULT)))
        return [each for each in found if isinstance(each, AllowedAdult) and each.child_id == child.id]

    def activities(self) -> list[Activity]:
        """Every activity that the centre told of."""
        found = self._reading(lambda connection: list(_loaded(connection, EntityKind.ACTIVITY)))
        return [each for each in found if isinstance(each, Activity)]

    def registrations(self, activity_ids: Iterable[str]) -> list[Registration]:
        """The registered people's places in these activities."""
        wanted = set(activity_ids)
        found = self._reading(lambda connection: list(_loaded(connection, EntityKind.REGISTRATION)))
        return [
            each
            for each in found
            if isinstance(each, Registration)
            and each.activity_id in wanted
            and each.status is RegistrationStatus.REGISTERED
        ]

    def facility_name(self, facility_id: str | None, language: Language | str) -> str | None:
        """The facility's name in a language."""
        if facility_id is None:
            return None
        body = self._reading(lambda connection: _one(connection, EntityKind.FACILITY, facility_id))
        return body.name.in_language(language) if isinstance(body, Facility) else None

    def point_name(self, access_point: str) -> Text:
        """The access point's name; its id while there is no cache."""
        with suppress(CacheFault):
            point = self.rules().points.get(access_point)
            return point.name if point else Text(access_point)
        return Text(access_point)

    def close(self) -> None:
        """Closes the connections."""
        with self._lock, self._quick_lock:
            self._facts.close()
            self._quick.close()

    def _indexed(self) -> list[tuple[str, str, str]]:
        """Id, folded name and number of everybody; read again when the cache has moved."""
        with self._lock:
            if self._names_as_of != (as_of := self._version()):
                rows = self._facts.reading(lambda connection: connection.execute(_NAMES).fetchall())
                self._names = [
                    (id_, without_accents(f"{first} {last or ''}"), str(number or ""))
                    for id_, first, last, number in rows
                ]
                self._names_as_of = as_of
            return self._names

    def _version(self) -> object:
        state = self._cache.state
        return self._cache.generation, state.mark if state else None

    def _reading(self, read: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._lock:
            return self._facts.reading(read)


def _rank(words: list[str], id_: str, name: str, number: str) -> tuple[int, str, str] | None:
    """How near somebody is to what was typed: the number itself, names that begin so, names that hold it."""
    if len(words) == 1 and words[0] == number.casefold():
        return 0, name, id_
    parts = name.split()
    if all(any(part.startswith(word) for part in parts) for word in words):
        return 1, name, id_
    if len(words) == 1 and len(words[0]) >= 3 and number.casefold().startswith(words[0]):
        return 2, name, id_
    return (3, name, id_) if all(word in name for word in words) else None


def _loaded(connection: sqlite3.Connection, kind: EntityKind) -> Iterator[Body]:
    for (body,) in connection.execute(_ALL, (kind.value,)):
        with suppress(WireError):
            yield load_body(kind, body)


def _of_account(connection: sqlite3.Connection, child: Participant, kind: EntityKind) -> Iterator[Body]:
    for (body,) in connection.execute(_OF_ACCOUNT, (child.account_id, kind.value)):
        with suppress(WireError):
            yield load_body(kind, body)


def _one(connection: sqlite3.Connection, kind: EntityKind, id_: str) -> Body | None:
    row = connection.execute(_ONE, (kind.value, id_)).fetchone()
    if row is not None:
        with suppress(WireError):
            return load_body(kind, row[0])
    return None
