"""What the back office did about who is where, kept in the ledger beside what neighbours told.

Signed by the centre, so unlike a neighbour's claim it may undo what any door recorded. Acts are a set keyed by event
id: taken in any order, any number of times. They are written before the cache moves on, so that none is lost between,
and with them how far of the feed they are complete: a ledger that is new, was recovered or was put back from a copy is
known to lack some.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import structlog

from access.domain.office_acts import Move, OfficeAct
from access.wire.canonical import canonical_bytes
from access.wire.errors import WireError
from access.wire.events import CacheMark
from access.wire.feed import EntityKind, FeedDelta, load_body
from edge_agent.errors import CacheFault, LedgerFault
from edge_agent.heard import INSERT_HEARD, OFFICE
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_recovery import ACTS_MARK
from edge_agent.ledger_views import undo_from_office

__all__ = ["OfficeActs", "acts_of", "acts_of_snapshot"]

_log = structlog.get_logger(__name__)

_IN_SNAPSHOT = "SELECT body FROM entity WHERE kind = ?"
_DROP_CLAIM = f"DELETE FROM heard WHERE id = ? AND device <> '{OFFICE}'"
"""What a neighbour claimed under the id of an act, which it may have heard first."""
_MOVING = (Move.IN, Move.OUT)
_SELECT_MARK = "SELECT value FROM marks WHERE name = ?"
_REPLACE_MARK = "INSERT OR REPLACE INTO marks VALUES (?, ?)"


class OfficeActs:
    """The acts in a ledger. `now` is an aware instant, later than which nothing is kept."""

    def __init__(self, ledger: SqliteLedger, *, now: Callable[[], datetime]) -> None:
        self._ledger = ledger
        self._now = now

    def has_all(self, told: CacheMark) -> bool:
        """Whether every act that the feed had brought by then is here; True while the ledger cannot be read."""
        with suppress(LedgerFault):
            return _covers(self._ledger.rows(_SELECT_MARK, (ACTS_MARK,)), told)
        return True

    def take(self, acts: Iterable[OfficeAct], since: CacheMark | None, through: CacheMark | None) -> None:
        """Keeps them, in one transaction. With what came up to `since` they are all up to `through`; where `since` is
        None, by themselves; where `through` is, some may be missing between. Raises `LedgerFault`."""
        told, now = list(acts), self._now()
        with self._ledger.transaction() as connection:
            connection.executemany(_DROP_CLAIM, [(act.id,) for act in told])
            connection.executemany(INSERT_HEARD, [_row(act, now) for act in told])
            for act in told:
                if act.undoes is not None:
                    undo_from_office(connection, act)
            kept = connection.execute(_SELECT_MARK, (ACTS_MARK,)).fetchall()
            is_whole = through is not None and (since is None or _covers(kept, since))
            if through is not None and is_whole and not _covers(kept, through):
                connection.execute(_REPLACE_MARK, (ACTS_MARK, f"{through.seq} {through.epoch}"))


def acts_of(delta: FeedDelta) -> list[OfficeAct] | None:
    """The acts in a verified delta, without those that cannot be read; None when there are none."""
    bodies = [each.body for each in delta.entries if each.kind == EntityKind.OFFICE_ACT and each.op == "put"]
    return _loaded(canonical_bytes(body) for body in bodies if body is not None) if bodies else None


def acts_of_snapshot(path: Path) -> list[OfficeAct]:
    """The acts in a verified snapshot file. Raises `CacheFault`."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            rows = connection.execute(_IN_SNAPSHOT, (EntityKind.OFFICE_ACT.value,)).fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise CacheFault(f"the snapshot is no usable database: {type(error).__name__}") from error
    return _loaded(body for (body,) in rows)


def _covers(kept: list[tuple[str]], told: CacheMark) -> bool:
    """Whether the mark that was read from the ledger, if there is one, is of the same epoch and not before `told`."""
    for (value,) in kept:
        seq, _, epoch = value.partition(" ")
        return epoch == told.epoch and seq.isdecimal() and int(seq) >= told.seq
    return False


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
