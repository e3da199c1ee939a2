"""The ledger: the door's precious file. Identity, events, uses, presence, outbox and marks in `ledger.db`.

One connection writes, under a lock. An event is in the file, synced, before anybody hears of it. After any error the
connection is not used again until `reopen` has checked the file.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from access.domain.facts import Presence
from access.domain.multipasses import PassUse
from access.domain.policy import Direction
from access.wire.enrolment import Enrolment
from access.wire.errors import WireError
from access.wire.events import FIRST_PREV, Event
from access.wire.movements import direction_of
from edge_agent.errors import AlreadyEnrolled, LedgerFault
from edge_agent.lease_spending import spend
from edge_agent.ledger_recovery import is_damaged, recover
from edge_agent.ledger_schema import migrate, open_writing
from edge_agent.ledger_views import derive

__all__ = ["LastDecision", "SqliteLedger"]

_log = structlog.get_logger(__name__)

_INSERT_EVENT = "INSERT INTO events (seq, id, body) VALUES (?, ?, ?)"
_INSERT_OUTBOX = "INSERT INTO outbox (seq) VALUES (?)"
_INSERT_USE = "INSERT INTO pass_uses (account_id, id, multipass_id, person_id, used_at) VALUES (?, ?, ?, ?, ?)"
_UPSERT_PRESENCE = {
    Direction.IN: "INSERT INTO presence (access_point, person_id, last_in_at) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET last_in_at = excluded.last_in_at",
    Direction.OUT: "INSERT INTO presence (access_point, person_id, last_out_at) VALUES (?, ?, ?)"
    " ON CONFLICT DO UPDATE SET last_out_at = excluded.last_out_at",
}
_REPLACE_DECISION = "INSERT OR REPLACE INTO last_decision VALUES (?, ?, ?, ?, ?, ?)"
_REPLACE_MARK = "INSERT OR REPLACE INTO marks VALUES (?, ?)"
_USES = "SELECT id, multipass_id, person_id, used_at, is_undone FROM pass_uses WHERE account_id = ?"
_PRESENCE = "SELECT last_in_at, last_out_at FROM presence WHERE access_point = ? AND person_id = ?"
_SEQ_BASE = "seq_base"


@dataclass(frozen=True, slots=True)
class LastDecision:
    """What an access point answered last, to be shown again after a restart. `decision` is its JSON."""

    event_id: str
    person_id: str | None
    occurred_at: datetime
    is_offline: bool
    decision: str


class SqliteLedger:
    """The ledger in one SQLite file. Thread-safe. Every method raises `LedgerFault` when the file cannot be used."""

    def __init__(self, path: Path, *, connect: Callable[[Path], sqlite3.Connection] = open_writing) -> None:
        """Opens and checks the file; a damaged one is set aside and what can be read of it carried over."""
        self.path = path
        self._connect = connect
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._last_seq = 0
        self._last_digest = FIRST_PREV
        self._generation = 0
        self.reopen()

    @property
    def is_usable(self) -> bool:
        """Whether the last thing done with the file went well."""
        return self._connection is not None

    @property
    def last_seq(self) -> int:
        """The newest event's number; 0 before the first."""
        return self._last_seq

    @property
    def generation(self) -> int:
        """Counts the times the file was opened: another connection to it is good within one generation."""
        return self._generation

    def record(
        self, make: Callable[[int, str], Event], *, decision: str | None = None, marks: Mapping[str, str] | None = None
    ) -> Event:
        """Records one event and all it entails in one synced transaction; on return it is durable.

        `make` builds the event from its seq and the digest of the event before it. A use, presence and the outbox
        row follow from the event itself (see `ledger_views` too); `decision` is kept so that the desk and, after a
        restart, the kiosk can show it again; `marks` are set with it.
        """
        with self._lock:
            event = make(self._last_seq + 1, self._last_digest)
            body = event.to_bytes()
            with self.transaction() as connection:
                self._insert(connection, event, body.decode(), decision)
                connection.executemany(_REPLACE_MARK, list((marks or {}).items()))
            self._last_seq = event.seq
            self._last_digest = hashlib.sha256(body).hexdigest()
        return event

    def _insert(self, connection: sqlite3.Connection, event: Event, body: str, decision: str | None) -> None:
        connection.execute(_INSERT_EVENT, (event.seq, event.id, body))
        connection.execute(_INSERT_OUTBOX, (event.seq,))
        at = event.occurred_at.isoformat()
        used = event.entitlement
        if used is not None and used.takes_use:
            connection.execute(_INSERT_USE, (event.account, event.id, used.id, event.person, at))
            spend(connection, used)
        if event.person is not None and (direction := direction_of(event.kind)):
            connection.execute(_UPSERT_PRESENCE[direction], (event.access_point, event.person, at))
        derive(connection, event, decision)
        if decision is not None and event.reader is not None:
            values = (event.access_point, event.id, event.person, at, event.is_offline, decision)
            connection.execute(_REPLACE_DECISION, values)

    def identity(self) -> Enrolment | None:
        """Who this door is; None before its enrolment."""
        rows = self._query("SELECT body FROM identity", ())
        return Enrolment.from_bytes(rows[0][0].encode()) if rows else None

    def store_identity(self, identity: Enrolment, *, replace: bool = False) -> None:
        """Stores the identity. Raises `AlreadyEnrolled` when there is one, or when it has events of another device."""
        with self._lock:
            known = self.identity()
            if known is not None and not replace:
                raise AlreadyEnrolled(f"this door is enrolled as {known.device}; ask to replace it if that is meant")
            if known is not None and known.device != identity.device and self._last_seq:
                raise AlreadyEnrolled(f"this ledger holds the events of {known.device}; set it aside first")
            with self.transaction() as connection:
                connection.execute("INSERT OR REPLACE INTO identity VALUES (1, ?)", (identity.to_bytes().decode(),))

    def uses(self, account_id: str) -> list[PassUse]:
        """The uses that this door recorded for an account's passes."""
        return [
            PassUse(
                id=row[0],
                multipass_id=row[1],
                person_id=row[2],
                used_at=datetime.fromisoformat(row[3]),
                is_undone=bool(row[4]),
            )
            for row in self._query(_USES, (account_id,))
        ]

    def presence(self, access_point: str, person_id: str) -> Presence:
        """The person's last movements at the access point."""
        rows = self._query(_PRESENCE, (access_point, person_id))
        return Presence(last_in_at=_instant(rows[0][0]), last_out_at=_instant(rows[0][1])) if rows else Presence()

    def rows(self, statement: str, values: tuple[object, ...] = ()) -> list[Any]:
        """The rows of a reading statement; for the parts of the door that keep tables of their own in the file."""
        return self._query(statement, values)

    def last_decision(self, access_point: str) -> LastDecision | None:
        """What the access point answered last."""
        select = "SELECT event_id, person_id, occurred_at, is_offline, decision FROM last_decision"
        for row in self._query(f"{select} WHERE access_point = ?", (access_point,)):
            return LastDecision(row[0], row[1], datetime.fromisoformat(row[2]), bool(row[3]), row[4])
        return None

    def waiting(self) -> int:
        """How many events have no receipt yet."""
        return int(self._query("SELECT count(*) FROM outbox", ())[0][0])

    def newest_occurred_at(self) -> datetime | None:
        """When the newest readable event happened, by the clock of then."""
        for row in self._query("SELECT body FROM events ORDER BY seq DESC LIMIT 3", ()):
            with suppress(WireError, UnicodeEncodeError):
                return Event.from_bytes(row[0].encode()).occurred_at
        return None

    def marks(self) -> dict[str, str]:
        """Small named values that outlive a restart."""
        return dict(self._query("SELECT name, value FROM marks", ()))

    def set_marks(self, marks: Mapping[str, str]) -> None:
        """Sets marks, durably."""
        with self.transaction() as connection:
            connection.executemany(_REPLACE_MARK, list(marks.items()))

    def checkpoint(self) -> None:
        """Copies the log into the file; for quiet moments."""
        self._query("PRAGMA wal_checkpoint(PASSIVE)", ())

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The writing connection inside a transaction, committed and synced at the end. After an error the
        connection is given up: whether the commit reached the disk is for `reopen` to find out."""
        with self._lock:
            connection = self._usable()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._give_up()
                raise LedgerFault(f"cannot write the ledger: {_named(error)}") from error
            except BaseException:
                self._give_up()
                raise

    def reopen(self) -> None:
        """Opens the file anew, checks it, proves that it can be written and finds its newest event."""
        with self._lock:
            self._give_up()
            try:
                connection = self._open_checked()
            except sqlite3.Error as error:
                if not is_damaged(error):
                    raise LedgerFault(f"cannot open the ledger: {_named(error)}") from error
                connection = self._recovered()
            except OSError as error:
                raise LedgerFault(f"cannot open the ledger: {error.strerror or error}") from error
            self._connection = connection
            self._generation += 1

    def close(self) -> None:
        """Closes the file, copying the log into it."""
        with self._lock:
            self._give_up()

    def _open_checked(self) -> sqlite3.Connection:
        connection = self._connect(self.path)
        try:
            problems = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
            if problems != ["ok"]:
                raise sqlite3.DatabaseError(f"database disk image is malformed: {problems[0]}")
            migrate(connection)
            connection.execute(_REPLACE_MARK, ("probe", "written"))
            self._find_end(connection)
        except BaseException:
            with suppress(sqlite3.Error):
                connection.close()
            raise
        return connection

    def _find_end(self, connection: sqlite3.Connection) -> None:
        row = connection.execute("SELECT seq, body FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        base = connection.execute("SELECT value FROM marks WHERE name = ?", (_SEQ_BASE,)).fetchone()
        self._last_seq = max(row[0] if row else 0, int(base[0]) if base else 0)
        self._last_digest = hashlib.sha256(row[1].encode("utf-8", "surrogateescape")).hexdigest() if row else FIRST_PREV

    def _recovered(self) -> sqlite3.Connection:
        try:
            salvage = recover(self.path, seq_base_mark=_SEQ_BASE)
            _log.error(
                "ledger_damaged",
                alarm=True,
                set_aside=str(salvage.set_aside),
                events=salvage.events,
                has_identity=salvage.has_identity,
                next_seq=salvage.next_seq,
            )
            return self._open_checked()
        except (sqlite3.Error, OSError) as error:
            raise LedgerFault(f"cannot recover the ledger: {_named(error)}") from error

    def _query(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        with self._lock:
            try:
                return self._usable().execute(statement, values).fetchall()
            except sqlite3.Error as error:
                self._give_up()
                raise LedgerFault(f"cannot read the ledger: {_named(error)}") from error

    def _usable(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LedgerFault("the ledger is closed")
        return self._connection

    def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closing rolls back what is open.
            with suppress(sqlite3.Error):
                connection.close()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _named(error: Exception) -> str:
    """The error's name, without the values a message may quote."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__
