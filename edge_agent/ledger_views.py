"""What follows from an event inside the ledger: uses given back, who moved when, and what the desk knows of a scan.

Written in the event's own transaction and derived from the event alone, so that no two of them can disagree.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from access.domain.office_acts import Move, OfficeAct
from access.domain.reasons import Outcome
from access.wire.events import AttendanceMark, Event, EventKind
from access.wire.movements import direction_of

__all__ = ["NOTED", "derive", "forget", "undo_from_office"]

NOTED: Final = Move.NOTED.value
"""A move that moves nobody: a daily note."""

_INSERT_MOVE = (
    "INSERT INTO moves (event_id, access_point, person_id, move, at, occurrence_id, staff_id, note)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_UNDO_MOVE = "UPDATE moves SET is_undone = 1 WHERE event_id = ? RETURNING access_point, person_id"
_GIVE_BACK = "UPDATE pass_uses SET is_undone = 1 WHERE id = ?"
_PRESENCE_AGAIN = (
    "UPDATE presence SET"
    " last_in_at = (SELECT max(at) FROM moves WHERE access_point = ?1 AND person_id = ?2 AND move = 'in'"
    " AND NOT is_undone),"
    " last_out_at = (SELECT max(at) FROM moves WHERE access_point = ?1 AND person_id = ?2 AND move = 'out'"
    " AND NOT is_undone)"
    " WHERE access_point = ?1 AND person_id = ?2"
)
_INSERT_SCAN = (
    "INSERT INTO scans (seq, event_id, access_point, occurred_at, decision, state, act_id, staff_id, note)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE_SCAN = "UPDATE scans SET state = ?, act_id = ?, staff_id = ?, note = ? WHERE event_id = ? OR act_id = ?"
_STATES = {
    EventKind.REVIEW_APPROVED: "approved",
    EventKind.REVIEW_REFUSED: "refused",
    EventKind.OVERRIDDEN: "overridden",
    EventKind.UNDONE: "undone",
    EventKind.CARD_REQUESTED: "requested",
}
_SHOWN = frozenset(
    {
        EventKind.CHECKED_IN,
        EventKind.CHECKED_OUT,
        EventKind.REPEATED,
        EventKind.REVIEW_REQUESTED,
        EventKind.DENIED,
        EventKind.ANONYMOUS_EXIT,
        EventKind.REVIEW_APPROVED,
        EventKind.OVERRIDDEN,
        EventKind.PICKED_UP,
    }
)


def derive(connection: sqlite3.Connection, event: Event, decision: str | None) -> None:
    """Writes what the event entails beside its use and presence. `decision` (JSON) makes it a scan of the desk's."""
    if event.kind is EventKind.UNDONE and event.refers_to is not None:
        _undo(connection, event.refers_to)
    elif event.person is not None and (move := _move(event)) is not None:
        occurrence = event.entitlement.occurrence_id if event.entitlement else None
        at = event.occurred_at.isoformat()
        values = (event.id, event.access_point, event.person, move, at, occurrence, event.staff, event.note)
        connection.execute(_INSERT_MOVE, values)
    if event.refers_to is not None and event.kind in _STATES:
        state, scan = _STATES[event.kind], event.refers_to
        connection.execute(_UPDATE_SCAN, (state, event.id, event.staff, event.note, scan, scan))
    elif decision is not None and event.kind in _SHOWN:
        _add_scan(connection, event, decision)


def undo_from_office(connection: sqlite3.Connection, act: OfficeAct) -> None:
    """The back office took back an event; what this door had made of it, if it was its own, goes."""
    assert act.undoes is not None
    _undo(connection, act.undoes)
    values = (_STATES[EventKind.UNDONE], act.id, act.staff_id, act.note or None, act.undoes, act.undoes)
    connection.execute(_UPDATE_SCAN, values)


def forget(connection: sqlite3.Connection, *, before: str) -> None:
    """Removes what is older than the instant (ISO 8601, UTC)."""
    connection.execute("DELETE FROM moves WHERE at < ?", (before,))
    connection.execute("DELETE FROM scans WHERE occurred_at < ?", (before,))


def _move(event: Event) -> str | None:
    if event.kind is EventKind.ATTENDANCE_MARKED:
        return (event.mark or NOTED) if isinstance(event.mark, AttendanceMark) else NOTED
    direction = direction_of(event.kind)
    return direction.value if direction else None


def _undo(connection: sqlite3.Connection, event_id: str) -> None:
    connection.execute(_GIVE_BACK, (event_id,))
    moved = connection.execute(_UNDO_MOVE, (event_id,)).fetchall()
    for access_point, person_id in moved:
        connection.execute(_PRESENCE_AGAIN, (access_point, person_id))


def _add_scan(connection: sqlite3.Connection, event: Event, decision: str) -> None:
    is_open = event.kind is EventKind.REVIEW_REQUESTED and event.outcome is Outcome.REVIEW
    state = "open" if is_open else _STATES.get(event.kind, "none")
    act_id = event.id if event.kind in _STATES else None
    at = event.occurred_at.isoformat()
    values = (event.seq, event.id, event.access_point, at, decision, state, act_id, event.staff, event.note)
    connection.execute(_INSERT_SCAN, values)
