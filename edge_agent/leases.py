"""The door's lent uses of strict passes, in its ledger: kept when the centre lends them, spent in the event's own
transaction, ended by a trusted clock.

`floor` is this door's durable word: a lease that was over by then is never spent again, whatever its clock says later.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from access.domain.facts import ClockTrust
from access.domain.leases import Lease
from access.wire.leases import MAX_KNOWN_LEASES, LeaseAnswer
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_recovery import LEASE_LEDGER_MARK

__all__ = ["LeaseBook"]

_FLOOR = "lease_floor"
_FLOOR_STEP = timedelta(minutes=5)
_LENT = (
    "SELECT multipass_id, min(id) FROM leases WHERE spent < count AND expires_at > ? AND expires_at > ?"
    " AND multipass_id IN ({ids}) GROUP BY multipass_id"
)
_KNOWN = "SELECT id FROM leases WHERE multipass_id = ? ORDER BY expires_at DESC LIMIT ?"
_KEEP = "INSERT OR IGNORE INTO leases (id, multipass_id, count, spent, expires_at) VALUES (?, ?, ?, 0, ?)"
_MARK = "INSERT OR REPLACE INTO marks VALUES (?, ?)"


class LeaseBook:
    """The leases in a ledger. Every method raises `LedgerFault` when the file cannot be used."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def lent(self, multipass_ids: Iterable[str], *, now: datetime, clock: ClockTrust) -> dict[str, str]:
        """For each of the passes of which a lent use may be spent now: the lease to spend it of.

        A door that does not know what time it is spends nothing.
        """
        ids = tuple(multipass_ids)
        if not ids or clock is ClockTrust.UNTRUSTED:
            return {}
        statement = _LENT.format(ids=", ".join("?" * len(ids)))
        return dict(self._ledger.rows(statement, (_text(now), self._marks().get(_FLOOR, ""), *ids)))

    def known(self, multipass_id: str) -> tuple[str, ...]:
        """The leases of a pass that are in the ledger, spent or not."""
        return tuple(row[0] for row in self._ledger.rows(_KNOWN, (multipass_id, MAX_KNOWN_LEASES)))

    def ledger_name(self) -> str:
        """Names this ledger; made at the first question, and never carried over into another file."""
        name = self._marks().get(LEASE_LEDGER_MARK)
        if name is None:
            name = uuid.uuid4().hex
            self._ledger.set_marks({LEASE_LEDGER_MARK: name})
        return name

    def keep(self, answer: LeaseAnswer) -> None:
        """Keeps what the centre lent to this ledger; once, and not when this door has said that it is over."""
        lease = answer.lease
        if lease is None:
            return
        with self._ledger.transaction() as connection:
            marks = dict(connection.execute("SELECT name, value FROM marks"))
            if marks.get(LEASE_LEDGER_MARK) == answer.ledger and _text(lease.expires_at) > marks.get(_FLOOR, ""):
                connection.execute(_KEEP, (lease.id, answer.multipass, lease.count, _text(lease.expires_at)))

    def end_through(self, now: datetime, clock: ClockTrust) -> datetime | None:
        """Ends what is over at the aware instant, by a trusted clock only, and returns the floor: this door's word.

        Whoever passes the word on reads the newest event's number afterwards.
        """
        marks = self._marks()
        floor = datetime.fromisoformat(marks[_FLOOR]) if _FLOOR in marks else None
        if LEASE_LEDGER_MARK not in marks or clock is not ClockTrust.TRUSTED or (floor is not None and now <= floor):
            return floor
        has_ended = bool(self._ledger.rows("SELECT 1 FROM leases WHERE expires_at <= ? LIMIT 1", (_text(now),)))
        if floor is not None and not has_ended and now - floor < _FLOOR_STEP:
            return floor
        with self._ledger.transaction() as connection:
            connection.execute("DELETE FROM leases WHERE expires_at <= ?", (_text(now),))
            connection.execute(_MARK, (_FLOOR, _text(now)))
        return datetime.fromisoformat(_text(now))

    def leases(self, device: str) -> list[Lease]:
        """What is kept, spent or not."""
        rows = self._ledger.rows("SELECT id, multipass_id, count, expires_at FROM leases ORDER BY id")
        return [
            Lease(id=id_, multipass_id=pass_id, device=device, count=count, expires_at=datetime.fromisoformat(at))
            for id_, pass_id, count, at in rows
        ]

    def _marks(self) -> dict[str, str]:
        return self._ledger.marks()


def _text(at: datetime) -> str:
    """Milliseconds, as on the wire: texts compare as instants do."""
    return at.isoformat(timespec="milliseconds")
