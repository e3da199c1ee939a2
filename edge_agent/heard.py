"""What the other doors of the site said: movements and uses as rows keyed by event id, beside the door's own.

A claim, not a fact: rows are added or ignored, in any order, and never touch what this door recorded itself. An undo
counts only for an event that the same device told, so no door takes back what another one said. Which of a device's
events were heard at all is kept as runs of their numbers, so that a list can say whether it is complete.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from access.domain.facts import Presence
from access.domain.multipasses import PassUse
from access.domain.policy import AccessType, Direction
from access.wire.events import Event, EventKind
from access.wire.movements import direction_of
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_views import NOTED

__all__ = ["INSERT_HEARD", "MAX_PER_DEVICE", "NOT_UNDONE", "OFFICE", "Entry", "HeardEvents", "is_worth_keeping"]

MAX_PER_DEVICE = 50_000
"""Rows kept of one device; a door that says more is not listened to until old ones have gone."""

OFFICE = ""
"""The device of what the back office did (see `office_acts`): no device has this name, so none can speak in it."""

INSERT_HEARD = (
    "INSERT OR IGNORE INTO heard"
    " (id, device, movement, access_point, person_id, account_id, multipass_id, at, undoes, occurrence_id,"
    " mark, staff_id, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_MAX_RUNS = 50
_WHOLE = (
    "SELECT 1 FROM heard_runs WHERE device = ? AND first_seq <= ? AND last_seq >= ?"
    " AND (first_seq = 1 OR first_at <= ?)"
)
_UNDONE = f"EXISTS (SELECT 1 FROM heard u WHERE u.undoes = h.id AND u.device IN (h.device, '{OFFICE}'))"
NOT_UNDONE = f"NOT {_UNDONE}"
"""Of a row `h`: neither its own device nor the back office took it back."""

_USES = f"SELECT h.id, h.multipass_id, h.person_id, h.at, {_UNDONE} FROM heard h WHERE h.account_id = ?"
_MOVES = (
    "SELECT h.movement, h.at FROM heard h WHERE h.person_id = ? AND h.movement IS NOT NULL"
    f" AND h.access_point IN ({{points}}) AND h.id <> ? AND NOT {_UNDONE}"
)
_LAST_ENTRY = (
    "SELECT h.id, h.at FROM heard h WHERE h.person_id = ? AND h.movement = 'in' AND h.access_point = ?"
    f" AND NOT {_UNDONE} ORDER BY h.at DESC LIMIT 1"
)
_INSIDE = (
    "SELECT count(*) FROM (SELECT max(entered) AS entered, max(left_) AS left_ FROM ("
    "SELECT person_id, last_in_at AS entered, last_out_at AS left_ FROM presence WHERE access_point IN ({points})"
    " UNION ALL SELECT h.person_id, CASE h.movement WHEN 'in' THEN h.at END, CASE h.movement WHEN 'out' THEN h.at END"
    " FROM heard h WHERE h.movement IS NOT NULL AND h.access_point IN ({points}) AND h.at >= ?"
    f" AND NOT {_UNDONE}) GROUP BY person_id)"
    " WHERE entered >= ? AND (left_ IS NULL OR left_ < entered)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that another door told."""

    id: str
    at: datetime


def is_worth_keeping(event: Event) -> bool:
    """Whether the event says something about presence, attendance or uses."""
    is_placing = direction_of(event.kind) is not None or event.kind is EventKind.ATTENDANCE_MARKED
    is_about_person = is_placing or _use(event) is not None
    return event.kind is EventKind.UNDONE or (event.person is not None and is_about_person)


class HeardEvents:
    """The rows in the ledger. Every method raises `LedgerFault` when the file cannot be used."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def take(self, events: Iterable[Event], *, now: datetime) -> None:
        """Keeps what the events say, in one transaction. Nothing is kept as later than the aware instant `now`."""
        told = list(events)
        rows = [_row(event, now) for event in told if is_worth_keeping(event)]
        if told:
            with self._ledger.transaction() as connection:
                connection.executemany(INSERT_HEARD, rows)
                for device in {event.device for event in told}:
                    _note_runs(connection, device, [event for event in told if event.device == device])

    def is_whole(self, device: str, last_seq: int, *, since: datetime) -> bool:
        """Whether everything up to a device's event `last_seq` was heard that happened since the aware UTC instant."""
        if last_seq == 0:
            return True
        at = since.isoformat()
        return bool(self._ledger.rows(_WHOLE, (device, last_seq, last_seq, at)))

    def count(self, device: str) -> int:
        """How many rows of a device are kept."""
        return int(self._ledger.rows("SELECT count(*) FROM heard WHERE device = ?", (device,))[0][0])

    def uses(self, account_id: str) -> list[PassUse]:
        """The uses of an account's passes that other doors told."""
        found = self._ledger.rows(f"{_USES} AND h.multipass_id IS NOT NULL", (account_id,))
        return [
            PassUse(
                id=id_,
                multipass_id=multipass_id,
                person_id=person_id,
                used_at=datetime.fromisoformat(at),
                is_undone=bool(is_undone),
            )
            for id_, multipass_id, person_id, at, is_undone in found
        ]

    def presence(self, access_points: Iterable[str], person_id: str, *, but: str = "") -> Presence:
        """The person's last told movements at the access points, leaving out the event `but`."""
        points = tuple(access_points)
        statement = _MOVES.format(points=_marks(points))
        moves = self._ledger.rows(statement, (person_id, *points, but))
        last = {way: max((at for moved, at in moves if moved == way), default=None) for way in Direction}
        return Presence(last_in_at=_instant(last[Direction.IN]), last_out_at=_instant(last[Direction.OUT]))

    def last_entry(self, access_point: str, person_id: str) -> Entry | None:
        """The person's newest told entry at the access point."""
        for id_, at in self._ledger.rows(_LAST_ENTRY, (person_id, access_point)):
            return Entry(id_, datetime.fromisoformat(at))
        return None

    def inside(self, access_points: Iterable[str], since: datetime) -> int:
        """How many people came in at the access points since the aware UTC instant and have not left, by this door's
        own records and by what was told, each counted once."""
        points = tuple(access_points)
        at = since.isoformat()
        statement = _INSIDE.format(points=_marks(points))
        return int(self._ledger.rows(statement, (*points, *points, at, at))[0][0])

    def prune(self, *, before: datetime) -> None:
        """Forgets what is older than the aware UTC instant, and the oldest of a device that has told too much."""
        with self._ledger.transaction() as connection:
            connection.execute("DELETE FROM heard WHERE at < ?", (before.isoformat(),))
            counts = connection.execute("SELECT device, count(*) FROM heard GROUP BY device").fetchall()
            for device, count in counts:
                if count >= MAX_PER_DEVICE:
                    oldest = "SELECT id FROM heard WHERE device = ? ORDER BY at LIMIT ?"
                    connection.execute(
                        f"DELETE FROM heard WHERE id IN ({oldest})", (device, count - MAX_PER_DEVICE * 9 // 10)
                    )


def _row(event: Event, now: datetime) -> tuple[object, ...]:
    movement = direction_of(event.kind)
    at = min(event.occurred_at, now).isoformat()
    undoes = event.refers_to if event.kind is EventKind.UNDONE else None
    moved = movement.value if movement else None
    mark = (event.mark or NOTED) if event.kind is EventKind.ATTENDANCE_MARKED else None
    occurrence = event.entitlement.occurrence_id if event.entitlement and (movement or mark) else None
    place = (event.id, event.device, moved, event.access_point)
    # What is noted is kept of a mark only: a list shows it; elsewhere it is nobody's business here.
    note = event.note if mark else None
    return *place, event.person, event.account, _use(event), at, undoes, occurrence, mark, event.staff, note


def _note_runs(connection: sqlite3.Connection, device: str, events: list[Event]) -> None:
    """Joins the events' numbers with the runs of those that were heard before."""
    known = connection.execute("SELECT first_seq, last_seq, first_at FROM heard_runs WHERE device = ?", (device,))
    runs = [*known, *((event.seq, event.seq, event.occurred_at.isoformat()) for event in events)]
    joined: list[tuple[int, int, str]] = []
    for first, last, at in sorted(runs):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]), joined[-1][2])
        else:
            joined.append((first, last, at))
    connection.execute("DELETE FROM heard_runs WHERE device = ?", (device,))
    connection.executemany(
        "INSERT INTO heard_runs VALUES (?, ?, ?, ?)", [(device, *run) for run in joined[-_MAX_RUNS:]]
    )


def _use(event: Event) -> str | None:
    used = event.entitlement
    is_use = used is not None and used.takes_use and used.type is AccessType.MULTIPASS and event.account is not None
    return used.id if used is not None and is_use else None


def _marks(values: tuple[str, ...]) -> str:
    return ", ".join("?" * len(values))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
