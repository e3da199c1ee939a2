"""The ledger's tables, as numbered migrations (`PRAGMA user_version`), and how its connections are set.

A migration is never changed once released; a new one is added at the end.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from edge_agent.errors import LedgerFault

__all__ = ["MIGRATIONS", "migrate", "open_reading", "open_writing"]

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE identity (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL)",
        "CREATE TABLE events (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)",
        "CREATE TABLE outbox (seq INTEGER PRIMARY KEY)",
        "CREATE TABLE parked (seq INTEGER PRIMARY KEY)",
        "CREATE TABLE pass_uses (account_id TEXT NOT NULL, id TEXT NOT NULL, multipass_id TEXT NOT NULL,"
        " person_id TEXT NOT NULL, used_at TEXT NOT NULL, is_undone INTEGER NOT NULL DEFAULT 0,"
        " PRIMARY KEY (account_id, id)) WITHOUT ROWID",
        "CREATE TABLE presence (access_point TEXT NOT NULL, person_id TEXT NOT NULL, last_in_at TEXT, last_out_at TEXT,"
        " PRIMARY KEY (access_point, person_id)) WITHOUT ROWID",
        "CREATE TABLE last_decision (access_point TEXT PRIMARY KEY, event_id TEXT NOT NULL, person_id TEXT,"
        " occurred_at TEXT NOT NULL, is_offline INTEGER NOT NULL, decision TEXT NOT NULL) WITHOUT ROWID",
        "CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        "CREATE TABLE heard (id TEXT PRIMARY KEY, device TEXT NOT NULL, movement TEXT, access_point TEXT NOT NULL,"
        " person_id TEXT, account_id TEXT, multipass_id TEXT, at TEXT NOT NULL, undoes TEXT) WITHOUT ROWID",
        "CREATE INDEX heard_person ON heard (person_id) WHERE movement IS NOT NULL",
        "CREATE INDEX heard_account ON heard (account_id) WHERE multipass_id IS NOT NULL",
        "CREATE INDEX heard_place ON heard (access_point, at) WHERE movement IS NOT NULL",
        "CREATE INDEX heard_undoes ON heard (undoes) WHERE undoes IS NOT NULL",
        "CREATE INDEX heard_device ON heard (device, at)",
    ),
    (
        "CREATE TABLE moves (event_id TEXT PRIMARY KEY, access_point TEXT NOT NULL, person_id TEXT NOT NULL,"
        " move TEXT NOT NULL, at TEXT NOT NULL, occurrence_id TEXT, staff_id TEXT, note TEXT,"
        " is_undone INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
        "CREATE INDEX moves_person ON moves (person_id, access_point, at)",
        "CREATE INDEX moves_occurrence ON moves (occurrence_id) WHERE occurrence_id IS NOT NULL",
        "CREATE TABLE scans (seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, access_point TEXT NOT NULL,"
        " occurred_at TEXT NOT NULL, decision TEXT NOT NULL, state TEXT NOT NULL, act_id TEXT, staff_id TEXT,"
        " note TEXT)",
        "CREATE INDEX scans_place ON scans (access_point, seq)",
        "CREATE INDEX scans_act ON scans (act_id) WHERE act_id IS NOT NULL",
    ),
    (
        "CREATE TABLE leases (id TEXT PRIMARY KEY, multipass_id TEXT NOT NULL, count INTEGER NOT NULL,"
        " spent INTEGER NOT NULL CHECK (spent <= count), expires_at TEXT NOT NULL) WITHOUT ROWID",
        "CREATE INDEX leases_pass ON leases (multipass_id)",
    ),
    (
        "ALTER TABLE heard ADD COLUMN occurrence_id TEXT",
        "CREATE INDEX heard_occurrence ON heard (occurrence_id) WHERE occurrence_id IS NOT NULL",
        "CREATE TABLE heard_runs (device TEXT NOT NULL, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,"
        " first_at TEXT NOT NULL, PRIMARY KEY (device, first_seq)) WITHOUT ROWID",
    ),
    (
        "ALTER TABLE heard ADD COLUMN mark TEXT",
        "ALTER TABLE heard ADD COLUMN staff_id TEXT",
        "ALTER TABLE heard ADD COLUMN note TEXT",
    ),
)


def open_writing(path: Path, *, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """The one connection that writes and checkpoints: WAL, every commit synced. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0, factory=factory)
    connection.text_factory = _text
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    return connection


def open_reading(path: Path) -> sqlite3.Connection:
    """A connection that can never write nor checkpoint. Raises sqlite3.Error."""
    uri = f"file:{quote(str(path))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=2.0)
    connection.text_factory = _text
    return connection


def _text(raw: bytes) -> str:
    """Rot in one row must not hide the others: bytes that are no UTF-8 come out as lone surrogates, found later."""
    return raw.decode("utf-8", "surrogateescape")


def migrate(connection: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS) -> None:
    """Brings the tables to the newest version, each step in one transaction.

    Raises sqlite3.Error, and `LedgerFault` when a newer version has written them.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(migrations):
        raise LedgerFault(f"the ledger has schema version {version}, of a newer Gatehouse; install that one")
    for number in range(version, len(migrations)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in migrations[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
