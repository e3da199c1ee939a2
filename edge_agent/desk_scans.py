"""The scans that a desk shows: what happened at an access point and what staff did since, read from the ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from access.domain.facts import Decision
from access.domain.people import Participant, Text
from access.domain.staff import DeskPermission
from access.wire.errors import WireError
from access.wire.events import Event, EventCause
from edge_agent.door import DECISION_JSON
from edge_agent.ledger import SqliteLedger
from kiosk.desk import PresentedBy, ScanState
from kiosk.desk_presenter import present_scan

__all__ = ["RECENT", "DeskScans", "KnownScan", "Reader"]

RECENT = 40
OPEN_FOR = timedelta(hours=12)
_COLUMNS = "SELECT s.event_id, s.decision, s.state, s.act_id, s.staff_id, s.note, e.body, a.body"
_FROM = " FROM scans s JOIN events e ON e.seq = s.seq LEFT JOIN events a ON s.state = 'undone' AND a.id = s.act_id"
_ONE = f"{_COLUMNS}{_FROM} WHERE s.event_id = ?"
_NEWEST = f"{_COLUMNS}{_FROM} WHERE s.access_point = ? ORDER BY s.seq DESC LIMIT ?"
_OPEN = f"{_COLUMNS}{_FROM} WHERE s.access_point = ? AND s.state = 'open' AND s.occurred_at >= ? ORDER BY s.seq DESC"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a scan: their language and what they may do."""

    language: str
    may: frozenset[DeskPermission]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownScan:
    """One scan as this door remembers it. `event` is the first one; `act_id` is the event that changed it last,
    `cause` why the door changed it by itself."""

    event: Event
    decision: Decision
    participant: Participant | None
    state: ScanState
    act_id: str | None = None
    staff_id: str | None = None
    note: str | None = None
    cause: EventCause | None = None

    @property
    def movement_id(self) -> str:
        """The event that let the person in or out: what an undo undoes."""
        is_act = self.state in (ScanState.APPROVED, ScanState.OVERRIDDEN) and self.act_id is not None
        return self.act_id if is_act and self.act_id is not None else self.event.id

    def shown(self, reader: Reader, *, zone: tzinfo, place: Text, by: str | None) -> dict[str, Any]:
        """The contract's Scan for one staff member; `by` is the name of who changed it."""
        event = self.event
        return present_scan(
            self.decision,
            event_id=event.id,
            kind=event.kind,
            occurred_at=event.occurred_at,
            access_point=place,
            participant=self.participant,
            credential=PresentedBy(event.credential.kind, event.credential.fingerprint) if event.credential else None,
            zone=zone,
            language=reader.language,
            state=self.state,
            may=reader.may,
            by=by,
            note=self.note,
            cause=self.cause,
            is_offline=event.is_offline,
        ).to_json()


class DeskScans:
    """Reads the ledger's scans. `person` finds a participant by id. Methods raise `LedgerFault`."""

    def __init__(self, ledger: SqliteLedger, *, person: Callable[[str], Participant | None]) -> None:
        self._ledger = ledger
        self._person = person

    def get(self, event_id: str) -> KnownScan | None:
        """One scan by the id of its first event."""
        return next(iter(self._loaded(self._ledger.rows(_ONE, (event_id,)))), None)

    def recent(self, access_point: str, *, now: datetime) -> list[KnownScan]:
        """The newest scans of an access point, and every one that still waits for staff, newest first."""
        rows = self._ledger.rows(_NEWEST, (access_point, RECENT))
        known = {row[0] for row in rows}
        waiting = self._ledger.rows(_OPEN, (access_point, (now - OPEN_FOR).isoformat()))
        return self._loaded([*rows, *(row for row in waiting if row[0] not in known)])

    def _loaded(self, rows: list[Any]) -> list[KnownScan]:
        found = [self._scan(row) for row in rows]
        return [each for each in found if each is not None]

    def _scan(self, row: Any) -> KnownScan | None:
        _, decision, state, act_id, staff_id, note, body, act_body = row
        try:
            event = Event.from_bytes(body.encode())
            return KnownScan(
                event=event,
                decision=DECISION_JSON.validate_json(decision),
                participant=self._person(event.person) if event.person else None,
                state=ScanState(state),
                act_id=act_id,
                staff_id=staff_id,
                note=note,
                cause=Event.from_bytes(act_body.encode()).cause if act_body else None,
            )
        except (WireError, ValueError):
            return None  # rot in one row hides no other
