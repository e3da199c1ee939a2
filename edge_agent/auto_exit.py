"""Automatic exits: whoever came in so many hours ago and was not seen leaving is checked out, by the door they entered.

A fact of bookkeeping, marked as such: it has no reader and no staff member, and its note says why.
"""

from __future__ import annotations

from datetime import timedelta

from access.domain.facts import Decision
from access.domain.policy import AccessPoint, Direction
from access.domain.reasons import Outcome
from access.wire.events import EventKind
from edge_agent.clock import DoorClock
from edge_agent.desk import Desk
from edge_agent.desk_recording import Deed
from edge_agent.errors import CacheFault, LedgerFault
from edge_agent.gather import FactsReader
from edge_agent.ledger import SqliteLedger

__all__ = ["NOTE", "AutoExit"]

NOTE = "automatic exit after {hours} h"
_AT_ONCE = 50
_OVERDUE = (
    "SELECT person_id FROM presence WHERE access_point = ? AND last_in_at < ?"
    " AND (last_out_at IS NULL OR last_out_at < last_in_at) ORDER BY last_in_at LIMIT ?"
)


class AutoExit:
    """For the door's thread, between scans. An exit that another door told ends the stay here too, later."""

    def __init__(
        self, desk: Desk, facts: FactsReader, ledger: SqliteLedger, clock: DoorClock, points: frozenset[str]
    ) -> None:
        self._desk = desk
        self._facts = facts
        self._ledger = ledger
        self._clock = clock
        self._points = points

    def run(self) -> int:
        """Checks out who is overdue, some at a time; returns how many. Without rules or a ledger: nobody."""
        try:
            rules = self._facts.rules()
            own = [rules.points[each] for each in sorted(self._points) if each in rules.points]
            return sum(self._check_out(each) for each in own if each.auto_exit_after_h)
        except (CacheFault, LedgerFault):
            return 0

    def _check_out(self, point: AccessPoint) -> int:
        hours = point.auto_exit_after_h
        before = (self._clock.read().now - timedelta(hours=hours)).isoformat()
        overdue = [row[0] for row in self._ledger.rows(_OVERDUE, (point.id, before, _AT_ONCE))]
        for person_id in overdue:
            person = self._facts.participant(person_id)
            deed = Deed(
                kind=EventKind.CHECKED_OUT,
                access_point=point.id,
                outcome=Outcome.GRANTED,
                person=person_id,
                account=person.account_id if person else None,
                note=NOTE.format(hours=hours),
            )
            self._desk.record(deed, Decision(outcome=Outcome.GRANTED, direction=Direction.OUT))
        return len(overdue)
