"""What the door's thread does between scans: clock marks, lost relays, fresh rules, old events, the watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta

import structlog

from edge_agent.clock import DoorClock
from edge_agent.errors import CacheFault, LedgerFault
from edge_agent.gather import FactsReader
from edge_agent.ledger import SqliteLedger
from edge_agent.notify import notify
from edge_agent.relays import RelayBank
from edge_agent.retention import prune
from edge_agent.showing import Showing

__all__ = ["CENTRE_MARK", "OWN_MARK", "Upkeep"]

_log = structlog.get_logger(__name__)

OWN_MARK, CENTRE_MARK = "clock_own", "clock_centre"
_RESTORE = timedelta(seconds=30)


class Upkeep:
    """For the door's thread. `tick` is cheap: each duty has an interval of its own."""

    def __init__(
        self,
        ledger: SqliteLedger,
        clock: DoorClock,
        relays: RelayBank,
        facts: FactsReader,
        showing: Showing,
        *,
        retention_days: int,
        check_out_overdue: Callable[[], object] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._relays = relays
        self._facts = facts
        self._showing = showing
        self._retention = timedelta(days=retention_days)
        now = time.monotonic()
        self._duties: list[tuple[float, Callable[[], object]]] = [
            (0.0, self._refresh_rules),
            (2.0, relays.revive),
            (5.0, lambda: notify("WATCHDOG=1")),
            (60.0, self.keep_clock_marks),
            (30.0, check_out_overdue),
            (3600.0, self._prune),
        ]
        self._due = [now + every for every, _ in self._duties]

    def restore(self, access_points: Iterable[str]) -> None:
        """Before the first scan: takes up the rules and what was answered just before a restart."""
        self._refresh_rules()
        with suppress(LedgerFault, CacheFault):
            for access_point in access_points:
                last = self._ledger.last_decision(access_point)
                if last is not None and self._clock.read().now - last.occurred_at < _RESTORE:
                    participant = self._facts.participant(last.person_id) if last.person_id else None
                    self._showing.restore(access_point, last, participant)

    def tick(self) -> None:
        """Does what is due."""
        now = time.monotonic()
        for number, (every, duty) in enumerate(self._duties):
            if now >= self._due[number]:
                self._due[number] = now + every
                duty()

    def _refresh_rules(self) -> None:
        try:
            self._showing.rules = self._facts.rules()
        except CacheFault:
            self._showing.rules = None

    def keep_clock_marks(self) -> None:
        """Writes down how late it is, so that a clock set back is noticed after a restart."""
        own, centre = self._clock.marks()
        with suppress(LedgerFault):
            self._ledger.set_marks({OWN_MARK: own.isoformat(), CENTRE_MARK: centre.isoformat()})

    def _prune(self) -> None:
        with suppress(LedgerFault):
            removed = prune(self._ledger, before=self._clock.read().now - self._retention)
            if removed:
                _log.info("old_events_removed", events=removed)
