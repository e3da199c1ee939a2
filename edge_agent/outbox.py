"""The outbox: the numbers of events whose receipt has not come. Only the centre's sealed word empties it.

Reading has a connection of its own; writing goes through the ledger's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from access.wire.errors import WireError
from access.wire.receipts import Receipt
from edge_agent.errors import LedgerFault
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_schema import open_reading

__all__ = ["MAX_BATCH_BYTES", "Range", "Row", "SqliteOutbox", "covered", "forgotten"]

MAX_BATCH_BYTES = 48_000
_RECEIPT_MARK = "receipt"
_NO_END = 2**62
_WAITING = (
    "SELECT o.seq, e.body FROM outbox o LEFT JOIN events e ON e.seq = o.seq"
    " WHERE o.seq > ? AND o.seq <= ? ORDER BY o.seq LIMIT ?"
)

Range = tuple[int, int]
"""Numbers from the first to the last, both included."""


@dataclass(frozen=True, slots=True)
class Row:
    """An event that waits: its number and its canonical JSON."""

    seq: int
    body: str


def covered(receipt: Receipt) -> Iterator[Range]:
    """The ranges that a receipt confirms, rising."""
    start = 1
    for first, last in (*receipt.gaps, (receipt.max_seq + 1, _NO_END)):
        if start < first:
            yield start, first - 1
        start = last + 1


def forgotten(before: Receipt | None, after: Receipt) -> list[Range]:
    """What an earlier receipt confirmed and a later one does not: the centre has lost it, or the later one is older."""
    if before is None:
        return []
    missing = (*after.gaps, (after.max_seq + 1, _NO_END))
    overlaps = ((max(a, c), min(b, d)) for a, b in covered(before) for c, d in missing)
    return [(first, last) for first, last in overlaps if first <= last]


class SqliteOutbox:
    """The outbox in the ledger. Every method raises `LedgerFault` when the file cannot be used."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        self._reading: sqlite3.Connection | None = None
        self._generation = -1
        self._receipt: Receipt | None = None
        if text := ledger.marks().get(_RECEIPT_MARK):
            with suppress(WireError):
                self._receipt = Receipt.from_bytes(text.encode())

    @property
    def receipt(self) -> Receipt | None:
        """The receipt last taken."""
        return self._receipt

    def rows(self, *, after: int, until: int | None = None, limit: int) -> list[Row]:
        """The lowest waiting events above `after` and up to `until`: at most `limit`, at most 48,000 bytes.

        A number whose event cannot be found has an empty body.
        """
        found: list[Row] = []
        size = 0
        for seq, body in self._read(_WAITING, (after, _NO_END if until is None else until, limit)):
            size += len((body or "").encode("utf-8", "surrogateescape")) + 1
            if found and size > MAX_BATCH_BYTES:
                break
            found.append(Row(seq, body or ""))
        return found

    def newest(self) -> Row | None:
        """The newest event of the ledger, waiting or not."""
        rows = self._read("SELECT seq, body FROM events ORDER BY seq DESC LIMIT 1", ())
        return Row(*rows[0]) if rows else None

    def take(self, receipt: Receipt) -> list[Range]:
        """Takes the centre's word: what it confirms leaves the outbox, what it has forgotten comes back in.

        Returns the ranges that came back (as far as the ledger still has them).
        """
        lost = forgotten(self._receipt, receipt)
        with self._ledger.transaction() as connection:
            for first, last in covered(receipt):
                connection.execute("DELETE FROM outbox WHERE seq BETWEEN ? AND ?", (first, last))
            for first, last in lost:
                again = "INSERT OR IGNORE INTO outbox SELECT seq FROM events WHERE seq BETWEEN ? AND ?"
                connection.execute(again, (first, last))
            connection.executemany("INSERT OR IGNORE INTO parked VALUES (?)", [(seq,) for seq in receipt.parked])
            mark = (_RECEIPT_MARK, receipt.to_bytes().decode())
            connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", mark)
        self._receipt = receipt
        return lost

    def park(self, seq: int) -> None:
        """Takes an event that cannot be sent out of the way of the others; it stays in the ledger."""
        with self._ledger.transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO parked VALUES (?)", (seq,))
            connection.execute("DELETE FROM outbox WHERE seq = ?", (seq,))

    def close(self) -> None:
        """Closes the reading connection."""
        reading, self._reading = self._reading, None
        if reading is not None:
            with suppress(sqlite3.Error):
                reading.close()

    def _read(self, statement: str, values: tuple[int, ...]) -> list[tuple[int, str]]:
        try:
            if self._reading is None or self._generation != self._ledger.generation:
                self.close()
                self._generation = self._ledger.generation
                self._reading = open_reading(self._ledger.path)
            return self._reading.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self.close()
            raise LedgerFault(f"cannot read the outbox: {type(error).__name__}") from error
