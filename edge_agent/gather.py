"""Gathering: everything that is known about one presented code, read at one instant of the cache and the ledger.

A thing that cannot be read counts as not there, and never in favour of the person.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from access.domain.credentials import Credential, CredentialStatus
from access.domain.doors import Door
from access.domain.facts import ClockTrust, Facts
from access.domain.people import Organization, Participant
from access.domain.policy import AccessPoint
from access.domain.registrations import Activity, Registration
from access.wire.asking import AccountState
from access.wire.events import CacheMark
from access.wire.feed import Body, EntityKind
from edge_agent.account_facts import account_facts, answered_facts, held_by, load
from edge_agent.cache import SqliteCache
from edge_agent.errors import CacheFault
from edge_agent.ledger import SqliteLedger
from edge_agent.movements import Movements, Surroundings, ToldAgain

__all__ = ["FactsReader", "Known", "Rules"]

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

_CREDENTIAL = "SELECT account_id, body FROM entity WHERE kind = 'credential' AND id = ?"
_ACCOUNT = (
    "SELECT kind, body FROM entity WHERE account_id = ? AND kind <> 'credential' AND (kind <> 'person' OR id = ?)"
)
_ONE = "SELECT body FROM entity WHERE kind = ? AND id = ?"
_ALL = "SELECT body FROM entity WHERE kind = ?"
_SEQ = "SELECT value FROM meta WHERE key = 'seq'"


@dataclass(frozen=True, slots=True)
class Rules:
    """What seldom changes and is kept in memory: the organization, its access points, and the site's doors with the
    access points that each serves."""

    organization: Organization
    zone: tzinfo
    points: dict[str, AccessPoint]
    doors: dict[str, frozenset[str]] = field(default_factory=dict)

    def facility_of(self, point: AccessPoint) -> tuple[str, ...]:
        """The access points that lead to the same facility, itself among them."""
        if point.facility_id is None:
            return (point.id,)
        return tuple(each.id for each in self.points.values() if each.facility_id == point.facility_id)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a presented code. `mark` is the state of the cache it was read from; `again` is set when
    another door told that the person just came in here."""

    status: CredentialStatus
    facts: Facts
    mark: CacheMark
    again: ToldAgain | None = None


class FactsReader:
    """Reads for one thread, the door's, through a connection of its own. Raises `CacheFault` when nothing can be read,
    `LedgerFault` when the ledger cannot."""

    def __init__(self, cache: SqliteCache, ledger: SqliteLedger) -> None:
        self._cache = cache
        self._movements = Movements(ledger)
        self._connection: sqlite3.Connection | None = None
        self._generation = -1
        self._rules: Rules | None = None
        self._rules_version = -1
        self._epoch = ""

    def rules(self) -> Rules:
        """The organization and its access points."""
        version = self._cache.rules_version
        if self._rules is None or version != self._rules_version or self._generation != self._cache.generation:
            self._rules = self._reading(_read_rules)
            self._rules_version = version
        return self._rules

    def known(
        self, fingerprint: str | None, point: AccessPoint, rules: Rules, *, now: datetime, clock: ClockTrust
    ) -> Known:
        """What is known of the code with this fingerprint; None for a code that could not be read."""
        state = self._cache.state
        if state is None:
            raise CacheFault("there is no cache yet")
        facts, status, seq = self._reading(lambda connection: _read_facts(connection, fingerprint))
        mark = CacheMark(epoch=self._epoch, seq=seq)
        facts = replace(facts, data_as_of=state.data_as_of, clock=clock)
        return self.with_movements(Known(status, facts, mark), point, rules, now=now)

    def known_person(
        self, person_id: str, point: AccessPoint, rules: Rules, *, now: datetime, clock: ClockTrust
    ) -> Known | None:
        """What is known of a person whom staff looked up; None for somebody the centre has not told of."""
        state = self._cache.state
        if state is None:
            raise CacheFault("there is no cache yet")
        facts, seq = self._reading(lambda connection: _read_person(connection, person_id))
        if facts.participant is None:
            return None
        mark = CacheMark(epoch=self._epoch, seq=seq)
        facts = replace(facts, data_as_of=state.data_as_of, clock=clock)
        return self.with_movements(Known(CredentialStatus.VALID, facts, mark), point, rules, now=now)

    def reading(self, read: Callable[[sqlite3.Connection], _T]) -> _T:
        """Runs `read` on the cache inside one read transaction, for the desk's lists."""
        return self._reading(read)

    def with_movements(self, known: Known, point: AccessPoint, rules: Rules, *, now: datetime) -> Known:
        """What the centre said, with what this door recorded and what its neighbours told since."""
        place = Surroundings(point, rules.facility_of(point), rules.zone, now)
        facts, again = self._movements.added_to(known.facts, place)
        return replace(known, facts=facts, again=again)

    def answered(
        self, answer: AccountState, known: Known, point: AccessPoint, rules: Rules, *, now: datetime
    ) -> Known | None:
        """What is known with the centre's answer in place of the cache; None when the answer is of another epoch or
        older. The cache itself stays as the numbered feed has made it."""
        if answer.epoch != known.mark.epoch or answer.seq < known.mark.seq:
            return None
        facts, status = answered_facts(answer)
        facts = replace(facts, data_as_of=answer.made_at, clock=known.facts.clock)
        mark = CacheMark(epoch=answer.epoch, seq=answer.seq)
        return self.with_movements(Known(status, facts, mark), point, rules, now=now)

    def participant(self, person_id: str) -> Participant | None:
        """One person, for showing a past decision again."""
        body = self._reading(lambda connection: _one(connection, EntityKind.PERSON, person_id))
        return body if isinstance(body, Participant) else None

    def close(self) -> None:
        """Closes the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _reading(self, read: Callable[[sqlite3.Connection], _T]) -> _T:
        """Runs `read` inside one read transaction: everything it sees is of one instant."""
        connection = self._current()
        try:
            connection.execute("BEGIN")
            found = read(connection)
            connection.execute("COMMIT")
        except (sqlite3.Error, UnicodeDecodeError, ValueError) as error:
            self.close()
            self._cache.is_damaged.set()
            raise CacheFault(f"cannot read the cache: {type(error).__name__}") from error
        except BaseException:
            self.close()
            raise
        return found

    def _current(self) -> sqlite3.Connection:
        if self._connection is not None and self._generation == self._cache.generation:
            return self._connection
        self.close()
        self._generation = self._cache.generation
        state, path = self._cache.state, self._cache.current_path
        if state is None or path is None:
            raise CacheFault("there is no cache yet")
        self._epoch = state.mark.epoch
        self._connection = _open_reading(path)
        return self._connection


def _open_reading(path: Path) -> sqlite3.Connection:
    try:
        uri = f"file:{quote(str(path))}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=1.0)
    except sqlite3.Error as error:
        raise CacheFault(f"cannot open the cache: {type(error).__name__}") from error


def _read_rules(connection: sqlite3.Connection) -> Rules:
    organizations = _loaded(connection, EntityKind.ORGANIZATION)
    organization = next((each for each in organizations if isinstance(each, Organization)), None)
    if organization is None:
        raise CacheFault("the cache has no organization")
    try:
        zone = ZoneInfo(organization.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CacheFault(f"the organization's time zone {organization.time_zone!r} is not known here") from error
    points = _loaded(connection, EntityKind.ACCESS_POINT)
    doors = _loaded(connection, EntityKind.DOOR)
    return Rules(
        organization,
        zone,
        {each.id: each for each in points if isinstance(each, AccessPoint)},
        {each.id: frozenset(each.access_points) for each in doors if isinstance(each, Door)},
    )


def _loaded(connection: sqlite3.Connection, kind: EntityKind) -> list[Body]:
    bodies = (load(kind, row[0]) for row in connection.execute(_ALL, (kind.value,)))
    return [body for body in bodies if body is not None]


def _read_facts(connection: sqlite3.Connection, fingerprint: str | None) -> tuple[Facts, CredentialStatus, int]:
    seq = int(connection.execute(_SEQ).fetchone()[0])
    if fingerprint is None:
        return Facts(), CredentialStatus.UNREADABLE, seq
    row = connection.execute(_CREDENTIAL, (fingerprint,)).fetchone()
    credential = load(EntityKind.CREDENTIAL, row[1]) if row else None
    if not isinstance(credential, Credential):
        return Facts(), CredentialStatus.UNKNOWN, seq
    held = _account(connection, credential.account_id, credential.person_id)
    return *held_by(credential, held), seq


def _read_person(connection: sqlite3.Connection, person_id: str) -> tuple[Facts, int]:
    seq = int(connection.execute(_SEQ).fetchone()[0])
    person = _one(connection, EntityKind.PERSON, person_id)
    return (_account(connection, person.account_id, person_id) if isinstance(person, Participant) else Facts()), seq


def _account(connection: sqlite3.Connection, account_id: str, person_id: str) -> Facts:
    rows = connection.execute(_ACCOUNT, (account_id, person_id))
    return account_facts(rows, lambda registrations: _activities(connection, registrations))


def _activities(connection: sqlite3.Connection, registrations: list[Registration]) -> tuple[Activity, ...]:
    wanted = {each.activity_id for each in registrations}
    bodies = (_one(connection, EntityKind.ACTIVITY, id_) for id_ in sorted(wanted))
    return tuple(body for body in bodies if isinstance(body, Activity))


def _one(connection: sqlite3.Connection, kind: EntityKind, id_: str) -> Body | None:
    row = connection.execute(_ONE, (kind.value, id_)).fetchone()
    if row is None:
        return None
    return _load_shared(kind, row[0]) if kind is EntityKind.ACTIVITY else load(kind, row[0])


@lru_cache(maxsize=256)
def _load_shared(kind: EntityKind, body: str) -> Body | None:
    """Activities are large and shared by many people; bodies are values, so one parse serves all."""
    return load(kind, body)
