"""What the back office did about who is where, kept in the ledger beside what neighbours told.

Signed by the centre, so unlike a neighbour's claim it may undo what any door recorded. Acts are a set keyed by event
id: taken in any order, any number of times. They are written before the cache moves on, so that none is lost between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import structlog

from access.domain.office_acts import Move, OfficeAct
from access.wire.canonical import canonical_bytes
from access.wire.errors import WireError
from access.wire.feed import EntityKind, FeedDelta, load_body
from edge_agent.heard import INSERT_HEARD, OFFICE
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_views import undo_from_office

__all__ = ["acts_of", "acts_of_snapshot", "take_acts"]

_log = structlog.get_logger(__name__)

_IN_SNAPSHOT = "SELECT body FROM entity WHERE kind = ?"
_DROP_CLAIM = f"DELETE FROM heard WHERE id = ? AND device <> '{OFFICE}'"
"""What a neighbour claimed under the id of an act, which it may have heard first."""
_MOVING = (Move.IN, Move.OUT)


def acts_of(delta: FeedDelta) -> list[OfficeAct]:
    """The acts in a verified delta."""
    bodies = [each.body for each in delta.entries if each.kind == EntityKind.OFFICE_ACT and each.op == "put"]
    return _loaded(canonical_bytes(body) for body in bodies if body is not None)


def acts_of_snapshot(path: Path) -> list[OfficeAct]:
    """The acts in a verified snapshot file; none when it cannot be read, which installing it will tell."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            rows = connection.execute(_IN_SNAPSHOT, (EntityKind.OFFICE_ACT.value,)).fetchall()
        finally:
            connection.close()
    except sqlite3.Error:
        return []
    return _loaded(body for (body,) in rows)


def take_acts(ledger: SqliteLedger, acts: Iterable[OfficeAct], *, now: datetime) -> None:
    """Keeps them, in one transaction; nothing as later than the aware instant `now`. Raises `LedgerFault`."""
    told = list(acts)
    if not told:
        return
    with ledger.transaction() as connection:
        connection.executemany(_DROP_CLAIM, [(act.id,) for act in told])
        connection.executemany(INSERT_HEARD, [_row(act, now) for act in told])
        for act in told:
            if act.undoes is not None:
                undo_from_office(connection, act)


def _row(act: OfficeAct, now: datetime) -> tuple[object, ...]:
    movement = act.move.value if act.move in _MOVING else None
    mark = act.move.value if act.move is not None and movement is None else None
    at = min(act.at, now).isoformat()
    who = (act.person_id, act.account_id, None, at, act.undoes, act.occurrence_id)
    return (act.id, OFFICE, movement, act.access_point, *who, mark, act.staff_id, act.note or None)


def _loaded(bodies: Iterable[bytes | str]) -> list[OfficeAct]:
    found = []
    for body in bodies:
        try:
            act = load_body(EntityKind.OFFICE_ACT, body)
        except WireError as error:
            _log.error("office_act_unreadable", alarm=True, error=type(error).__name__)
            continue
        assert isinstance(act, OfficeAct)
        found.append(act)
    return found
