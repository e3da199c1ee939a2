"""One door of a simulated site: its ledger (in memory), decisions, neighbours and leases are the real ones.

The power may be cut at any statement; the cache is what the centre last told it.
"""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.credentials import CredentialStatus
from access.domain.facts import ClockTrust, Facts
from access.domain.ids import uuid7
from access.domain.multipasses import Multipass, PassUse
from access.domain.people import Account, Organization, Participant, Text
from access.domain.policy import AccessPoint
from access.wire.asking import AccountState
from access.wire.canonical import canonical_bytes
from access.wire.enrolment import Enrolment
from access.wire.events import CacheMark, Event, EventKind
from access.wire.leases import LeaseAnswer, LeaseRequest
from access.wire.receipts import Receipt
from access.wire.state import Connection, DeviceState
from access.wire.topics import Channel, DeviceTopic
from edge_agent.clock import DoorClock
from edge_agent.door import Door, Place
from edge_agent.errors import LedgerFault
from edge_agent.gather import Known, Rules
from edge_agent.heard import HeardEvents
from edge_agent.leases import LeaseBook
from edge_agent.ledger import SqliteLedger
from edge_agent.movements import Movements, Surroundings
from edge_agent.neighbours import Neighbours
from edge_agent.outbox import covered
from hardware.api import Read, Technology
from server.devices.service import DeviceIdentity
from server.leases.service import lend

__all__ = ["DOORS", "START", "ZONE", "SimulatedDoor", "Surrounding"]

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Toronto")
DOORS = tuple(f"door-{number}" for number in range(1, 6))
_POINT = {name: AccessPoint(id=f"at-{name}", name=Text(name), site_id="main", duplicate_window_s=0) for name in DOORS}
_ENROLMENT = {"organization": "club", "site": "main", "secret": "s" * 40, "mqtt_url": "mqtt://broker"}
_numbers = count()


class Surrounding(Protocol):
    """What a door sees of its site."""

    session: Session
    random: random.Random
    now: datetime
    presented: tuple[str, str]
    group_of: dict[str, int]
    centre_in: int

    def multipass(self, pass_id: str) -> Multipass:
        """A pass as sold."""

    def admit(self, event: Event) -> None:
        """An event has become durable."""


class _Connection(sqlite3.Connection):
    """Fails, for good, at the n-th statement from now: the power is cut."""

    fails_in: int | None = None

    def execute(self, *args: object) -> sqlite3.Cursor:  # type: ignore[override]
        if self.fails_in is not None:
            self.fails_in -= 1
            if self.fails_in < 0:
                raise sqlite3.OperationalError("power cut")
        return super().execute(*args)  # type: ignore[arg-type]


class _Template:
    """An empty ledger, copied for each door instead of being migrated each time."""

    source: sqlite3.Connection | None = None

    @classmethod
    def copied(cls) -> tuple[str, sqlite3.Connection]:
        """The URI of a new empty ledger in memory, and the connection that keeps it."""
        if cls.source is None:
            cls.source = sqlite3.connect(":memory:", isolation_level=None)
            SqliteLedger(Path("template"), connect=lambda _: _unclosed(cls.source))
        uri = f"file:ledger-{next(_numbers)}?mode=memory&cache=shared"
        anchor = sqlite3.connect(uri, uri=True, isolation_level=None)
        cls.source.backup(anchor)
        return uri, anchor


def _unclosed(connection: sqlite3.Connection | None) -> sqlite3.Connection:
    assert connection is not None
    return connection


class _Time:
    """The site's time, as one door's clocks show it."""

    def __init__(self, site: Surrounding) -> None:
        self.site, self.skew, self.boot_id = site, timedelta(), "boot"

    def wall(self) -> datetime:
        return self.site.now + self.skew

    def monotonic(self) -> float:
        return (self.site.now - START).total_seconds() + 1000


class SimulatedDoor:
    """A door of the site. Reads its cache from what the centre last told it; everything else is real."""

    def __init__(self, site: Surrounding, name: str) -> None:
        self.site, self.name = site, name
        self.identity = DeviceIdentity(name, "club", "main", "")
        self.topic = DeviceTopic("club", "main", name, Channel.EVENTS)
        self.uri, self._anchor = _Template.copied()
        self.time = _Time(site)
        self.uses: tuple[PassUse, ...] = ()
        self.heard_at = START
        self.receipt = Receipt(device=name, through_seq=0, max_seq=0)
        self.bodies: dict[int, str] = {}
        self.connection: _Connection | None = None
        self.ledger = SqliteLedger(Path(name), connect=self._connect)
        self._boot()

    def _connect(self, _: Path) -> sqlite3.Connection:
        self.connection = sqlite3.connect(self.uri, uri=True, isolation_level=None, factory=_Connection)
        return self.connection

    def _boot(self) -> None:
        """What a process that starts builds on the ledger it finds."""
        self.clock = DoorClock(self.time)
        self.book, self.heard = LeaseBook(self.ledger), HeardEvents(self.ledger)
        self.movements = Movements(self.ledger)
        self.late: list[LeaseAnswer] = []
        enrolment = Enrolment(
            device=self.name,
            centre_public_key="0" * 64,
            fingerprint_key="0" * 64,
            access_points=(_POINT[self.name].id,),
            **_ENROLMENT,
        )
        self.neighbours = Neighbours(enrolment, self.heard, self, self.clock)  # type: ignore[arg-type]
        self.door = Door(
            enrolment,
            ledger=self.ledger,
            facts=self,  # type: ignore[arg-type]
            clock=self.clock,
            places={"front": Place(_POINT[self.name].id)},
            is_connected=lambda: self.is_connected,
            help=self,
            random=self.site.random.randbytes,
        )

    def restart(self) -> None:
        """The power comes back: what was not committed is gone."""
        with suppress(LedgerFault):
            self.ledger.close()
        self.ledger.reopen()
        self._boot()
        self.note()

    def note(self) -> None:
        """Keeps count of what is durable."""
        for seq, body in self.ledger.rows("SELECT seq, body FROM events WHERE seq > ?", (len(self.bodies),)):
            self.bodies[seq] = body
            self.site.admit(Event.from_bytes(body.encode()))

    def close(self) -> None:
        """Gives the memory back."""
        self.ledger.close()
        self._anchor.close()

    @property
    def is_connected(self) -> bool:
        """Whether the centre can be asked."""
        return self.site.centre_in == self.site.group_of[self.name]

    # -- the facts of a scan

    def rules(self) -> Rules:
        """The site as the centre told it."""
        points = {point.id: point for point in _POINT.values()}
        doors = {name: frozenset({point.id}) for name, point in _POINT.items()}
        return Rules(Organization(id="club", name=Text("Club"), time_zone=ZONE.key), ZONE, points, doors)

    def known(self, _: str | None, point: AccessPoint, rules: Rules, *, now: datetime, clock: ClockTrust) -> Known:
        """The person at hand, with the one pass that this scan is about."""
        person_id, pass_id = self.site.presented
        facts = Facts(
            participant=Participant(id=person_id, account_id="family", first_name="Ann"),
            account=Account(id="family"),
            multipasses=(self.site.multipass(pass_id),),
            uses=tuple(use for use in self.uses if use.multipass_id == pass_id),
            data_as_of=now,
            clock=clock,
        )
        facts, again = self.movements.added_to(facts, Surroundings(point, (point.id,), ZONE, now))
        return Known(CredentialStatus.VALID, facts, CacheMark(epoch="e1", seq=1), again)

    def remaining(self, pass_id: str) -> int | None:
        """What the door takes to be left of a pass."""
        self.site.presented = ("p1", pass_id)
        known = self.known(None, _POINT[self.name], self.rules(), now=self.site.now, clock=ClockTrust.TRUSTED)
        return self.site.multipass(pass_id).state(known.facts.uses, ZONE).remaining

    # -- the centre's help

    def deadline(self) -> float:
        """Time enough."""
        return 1.0

    def person(self, fingerprint: str, *, until: float) -> AccountState | None:
        """Nobody answers about people here."""
        return None

    def lease(self, multipass_id: str, *, until: float) -> bool:
        """Asks the real lending; the answer may come, come late or never come."""
        if not self.is_connected:
            return False
        fate = self.site.random.choice(("comes", "comes", "comes", "late", "lost"))
        return self._borrow(multipass_id, fate, is_spare=False)

    def restock(self, multipass_id: str) -> None:
        """As above, for a spare."""
        if self.is_connected and self.site.random.random() < 0.5:
            self._borrow(multipass_id, self.site.random.choice(("comes", "late", "lost")), is_spare=True)

    def _borrow(self, multipass_id: str, fate: str, *, is_spare: bool) -> bool:
        request = LeaseRequest(
            nonce="0" * 32,
            multipass=multipass_id,
            ledger=self.book.ledger_name(),
            known=self.book.known(multipass_id),
            is_spare=is_spare,
        )
        answer = lend(self.site.session, self.identity, request, now=self.site.now)
        if fate == "late":
            self.late.append(answer)
        if fate == "comes":
            self.book.keep(answer)
        return fate == "comes" and answer.lease is not None

    # -- what it says

    def scan(self) -> None:
        """Somebody presents a card."""
        data = Read(
            reader="front",
            technology=Technology.BARCODE,
            data=b"10001",
            symbology=None,
            is_oversize=False,
            read_at=0.0,
        )
        self.door.handle(data)
        self.note()

    def undo(self) -> None:
        """The barrier says that nobody went through, after the last check-in."""
        events = [Event.from_bytes(body.encode()) for body in self.bodies.values()]
        undone = {event.refers_to for event in events}
        entered = [each for each in events if each.kind is EventKind.CHECKED_IN and each.id not in undone]
        if not entered:
            return
        last, moment = entered[-1], self.clock.read()

        def make(seq: int, prev: str) -> Event:
            changes = {"seq": seq, "prev": prev, "kind": EventKind.UNDONE, "refers_to": last.id, "entitlement": None}
            id_ = uuid7(int(moment.now.timestamp() * 1000), self.site.random.randbytes(10))
            return last.model_copy(update=changes | {"id": id_, "occurred_at": moment.now, "reasons": ()})

        self.ledger.record(make)
        self.note()

    def batch(self, seqs: list[int]) -> bytes:
        """The message of these events."""
        events = [json.loads(self.bodies[seq]) for seq in seqs]
        return canonical_bytes({"v": 1, "device": self.name, "events": events})

    def waiting(self) -> list[int]:
        """Events without a receipt."""
        done = {seq for first, last in covered(self.receipt) for seq in range(first, min(last, len(self.bodies)) + 1)}
        return [seq for seq in self.bodies if seq not in done]

    def state(self) -> bytes:
        """What it says of itself: the word on the leases first, the newest event's number afterwards."""
        moment = self.clock.read()
        floor = self.book.end_through(moment.now, moment.trust)
        return DeviceState(
            device=self.name, connection=Connection.ONLINE, last_seq=self.ledger.last_seq, lease_floor=floor
        ).to_bytes()
