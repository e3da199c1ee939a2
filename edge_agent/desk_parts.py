"""Puts the parts of a door's desk together, and passes between the door's thread and the open pages what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.routing import BaseRoute

from access.domain.reasons import Outcome
from access.wire.enrolment import Enrolment
from access.wire.events import Event, EventKind
from access.wire.movements import direction_of
from edge_agent.cache import SqliteCache
from edge_agent.clock import DoorClock
from edge_agent.desk import Desk, Done
from edge_agent.desk_answers import DeskSource
from edge_agent.desk_directory import DeskDirectory
from edge_agent.desk_hub import DeskHub, DeskNews
from edge_agent.desk_lists import DeskLists
from edge_agent.desk_looks import DeskLooks
from edge_agent.desk_marks import DeskMarks
from edge_agent.desk_recording import Deed
from edge_agent.desk_scans import DeskScans, KnownScan
from edge_agent.desk_staff import DeskSessions, DeskStaff, PinDelays
from edge_agent.desk_web import desk_routes
from edge_agent.door import Scan
from edge_agent.door_thread import DoorThread
from edge_agent.gather import FactsReader, Rules
from edge_agent.ledger import SqliteLedger
from edge_agent.status import PointStatus
from kiosk.desk import ScanState

__all__ = ["DeskParts", "DeskSurroundings"]

_LISTS = (DeskNews(type="changed", what="attendance"), DeskNews(type="changed", what="inside"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSurroundings:
    """What the desk needs of the door around it. `facts` is the door's thread's own reader."""

    identity: Enrolment
    ledger: SqliteLedger
    cache: SqliteCache
    clock: DoorClock
    facts: FactsReader
    points: frozenset[str]
    is_connected: Callable[[], bool]
    is_told: Callable[[Rules, datetime], bool]
    release: Callable[[str, float], None]
    show: Callable[[Scan], None]
    recorded: Callable[[], None]
    entered: Callable[[Event], None]
    hello: Callable[[str], dict[str, Any]]
    status: Callable[[str], PointStatus]


class DeskParts:
    """The desk of a door. `answer` is called with every recorded scan, in the door's thread."""

    def __init__(self, around: DeskSurroundings) -> None:
        """Raises `LedgerFault`."""
        self._around = around
        self._hub = DeskHub()
        self._directory = DeskDirectory(around.cache, around.ledger)
        self._sessions = DeskSessions(
            self._directory.staff,
            PinDelays(around.ledger, lambda: around.clock.read().now),
            around.clock.monotonic,
        )
        self.desk = Desk(
            around.identity,
            ledger=around.ledger,
            facts=around.facts,
            clock=around.clock,
            is_connected=around.is_connected,
            release=around.release,
            show=around.show,
            told=self._told,
            entered=around.entered,
        )
        self._lists = DeskLists(self._directory, around.ledger, around.clock, is_told=around.is_told)

    def routes(self, door: DoorThread) -> Sequence[BaseRoute]:
        """The desk's routes; acts go through the door's thread."""
        around = self._around
        source = DeskSource(
            points=around.points,
            hub=self._hub,
            sessions=self._sessions,
            directory=self._directory,
            scans=DeskScans(around.ledger, person=self._directory.person),
            looks=DeskLooks(self._directory, around.clock, is_connected=around.is_connected),
            lists=self._lists,
            desk=self.desk,
            marks=DeskMarks(self.desk, self._lists, self._directory),
            door=door,
            hello=around.hello,
            status=around.status,
            now=lambda: around.clock.read().now,
            looked=lambda staff, person_id: self._looked(door, staff, person_id),
        )
        return desk_routes(source)

    def answer(self, scan: Scan) -> None:
        """A scan was recorded: the desks of its access point see it."""
        is_open = scan.event.kind is EventKind.REVIEW_REQUESTED
        state = ScanState.OPEN if is_open else ScanState.NONE
        known = KnownScan(event=scan.event, decision=scan.decision, participant=scan.participant, state=state)
        self._tell(DeskNews(type="scan", scan=known), known)

    def told_by_neighbours(self) -> None:
        """Other doors told of movements: the lists are out of date. From any thread."""
        self._hub.tell("", *_LISTS)

    def close(self) -> None:
        """Closes what the desk holds open."""
        self._directory.close()

    def _told(self, done: Done) -> None:
        self._tell(DeskNews(type="scan" if done.is_new else "scan_changed", scan=done.scan), done.scan)
        self._around.recorded()

    def _tell(self, news: DeskNews, scan: KnownScan) -> None:
        is_movement = direction_of(scan.event.kind) is not None or scan.state is not ScanState.NONE
        self._hub.tell(scan.event.access_point, news, *(_LISTS if is_movement else ()))

    def _looked(self, door: DoorThread, staff: DeskStaff, person_id: str) -> None:
        """Who looked at whom is part of the history too; it holds nobody up."""

        def record() -> None:
            person = self._directory.person(person_id)
            deed = Deed(
                kind=EventKind.LOOKED_UP,
                access_point=staff.access_point,
                outcome=Outcome.GRANTED,
                staff=staff.id,
                person=person.id if person else person_id,
                account=person.account_id if person else None,
            )
            self.desk.record(deed)
            self._around.recorded()

        door.call(record)
