"""What to do with a damaged ledger: set it aside untouched, and carry over every row that can still be read.

Numbering goes on well above what was found, because a number that was used once must never name another event.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from access.wire.errors import WireError
from access.wire.events import Event
from edge_agent.ledger_schema import migrate, open_writing

__all__ = ["ACTS_MARK", "LEASE_LEDGER_MARK", "SKIPPED_NUMBERS", "Salvage", "is_damaged", "recover"]

LEASE_LEDGER_MARK = "lease_ledger"
"""Names this ledger to the centre, which gives what it lent to one ledger to no other."""

ACTS_MARK = "office_acts"
"""How far of the feed the ledger has every act of the back office: nobody can tell after a recovery."""

SKIPPED_NUMBERS = 1000
"""How many numbers are left out after a recovery: more than a door makes between two receipts."""

_PLAIN_TABLES = {"identity": 2, "outbox": 1, "parked": 1, "pass_uses": 6, "presence": 4, "marks": 2}


@dataclass(frozen=True, slots=True)
class Salvage:
    """What a recovery came to."""

    set_aside: Path
    events: int
    has_identity: bool
    next_seq: int


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the error says that the file itself is wrong, rather than the disk, the rights or a lock."""
    code = getattr(error, "sqlite_errorcode", None)
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "malformed" in str(error)


def recover(path: Path, *, seq_base_mark: str) -> Salvage:
    """Renames the file (with its log) and writes a new one with what is readable. Raises sqlite3.Error, OSError."""
    damaged = _set_aside(path)
    fresh = path.with_name(path.name + ".recovering")
    fresh.unlink(missing_ok=True)
    with closing(open_writing(fresh)) as target:
        migrate(target)
        target.execute("BEGIN IMMEDIATE")
        counts = {name: _copy(damaged, target, name, columns) for name, columns in _PLAIN_TABLES.items()}
        events = _copy_events(damaged, target)
        last = target.execute("SELECT max(seq) FROM (SELECT seq FROM events UNION ALL SELECT seq FROM outbox)")
        # Where nothing can be read, the time tells a number that no door has counted to.
        next_seq = int(last.fetchone()[0] or time.time()) + SKIPPED_NUMBERS
        target.execute("DELETE FROM outbox WHERE seq NOT IN (SELECT seq FROM events)")
        target.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (seq_base_mark, str(next_seq)))
        # What was spent of a lease may be among what is lost: the leases stay behind, and with them the ledger's name.
        target.execute("DELETE FROM marks WHERE name IN (?, ?)", (LEASE_LEDGER_MARK, ACTS_MARK))
        target.execute("COMMIT")
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.replace(fresh, path)
    return Salvage(damaged, events, counts["identity"] > 0, next_seq + 1)


def _set_aside(path: Path) -> Path:
    target = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    for suffix in ("-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            os.replace(companion, target.with_name(target.name + suffix))
    os.replace(path, target)
    return target


def _copy(damaged: Path, target: sqlite3.Connection, table: str, columns: int) -> int:
    insert = f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * columns)})"
    return sum(target.execute(insert, row).rowcount for row in _readable(damaged, f"SELECT * FROM {table}"))


def _copy_events(damaged: Path, target: sqlite3.Connection) -> int:
    """Events that are whole, from both ends: a damaged page in the middle hides what is behind it from one side."""
    copied = 0
    for order in ("ASC", "DESC"):
        for seq, event_id, body in _readable(damaged, f"SELECT seq, id, body FROM events ORDER BY seq {order}"):
            if _is_event(seq, event_id, body):
                insert = "INSERT OR IGNORE INTO events VALUES (?, ?, ?)"
                copied += target.execute(insert, (seq, event_id, body)).rowcount
    return copied


def _readable(damaged: Path, select: str) -> Iterator[tuple[object, ...]]:
    """Rows until the first that cannot be read."""
    try:
        with closing(sqlite3.connect(damaged)) as source:
            yield from source.execute(select)
    except (sqlite3.Error, UnicodeDecodeError):
        return


def _is_event(seq: object, event_id: object, body: object) -> bool:
    try:
        event = Event.from_bytes(str(body).encode())
    except (WireError, UnicodeEncodeError):
        return False
    return event.seq == seq and event.id == event_id
