"""A site in one process: real ledgers, decisions, neighbours, leases and ingest; network, clocks and crashes are ours.

A history is drawn from a seed. Whatever it does, `Site.check` must hold after every step and `Site.heal` at its end.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.domain.credentials import CredentialStatus
from access.domain.facts import ClockTrust, Facts
from access.domain.ids import uuid7
from access.domain.multipasses import Multipass, PassUse
from access.domain.people import Account, Organization, Participant, Text
from access.domain.policy import AccessPoint
from access.domain.reasons import Outcome
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
from server.ingest.service import record_batch, record_state
from server.leases.service import lend
from server.models import Event as Recorded
from server.models import PassUse as UseRow

__all__ = ["DOORS", "PASSES", "PEOPLE", "START", "Plan", "Site"]

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Toronto")
DOORS = tuple(f"door-{number}" for number in range(1, 6))
PEOPLE = ("p1", "p2", "p3")
PASSES = ("strict", "lenient")
_POINT = {name: AccessPoint(id=f"at-{name}", name=Text(name), site_id="main", duplicate_window_s=0) for name in DOORS}
_ENROLMENT = {"organization": "club", "site": "main", "secret": "s" * 40, "mqtt_url": "mqtt://broker"}
_numbers = count()


@dataclass(frozen=True)
class Plan:
    """What a history may do. `is_parted_once`: one partition for the whole history, in which every group's doors hear
    each other at once; else everything may happen, in any order and any number of times."""

    doors: int
    totals: dict[str, int]
    is_parted_once: bool = False
    steps: int = 24
    presented: tuple[str, ...] = ("strict", "strict", "lenient")


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

    def __init__(self, site: Site) -> None:
        self.site, self.skew, self.boot_id = site, timedelta(), "boot"

    def wall(self) -> datetime:
        return self.site.now + self.skew

    def monotonic(self) -> float:
        return (self.site.now - START).total_seconds() + 1000


class SimulatedDoor:
    """A door of the site. Reads its cache from what the centre last told it; everything else is real."""

    def __init__(self, site: Site, name: str) -> None:
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


@dataclass
class Site:
    """All doors, the centre's session, and who hears whom."""

    session: Session
    plan: Plan
    random: random.Random
    now: datetime = START
    presented: tuple[str, str] = ("p1", "strict")
    group_of: dict[str, int] = field(default_factory=dict)
    centre_in: int = 0
    log: list[str] = field(default_factory=list)
    taken: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in PASSES})
    undone: set[str] = field(default_factory=set)
    states: list[tuple[SimulatedDoor, bytes]] = field(default_factory=list)
    doors: list[SimulatedDoor] = field(default_factory=list)

    def begin(self) -> None:
        """Doors in one group with the centre; or parted, once and for all."""
        names = DOORS[: self.plan.doors]
        groups = range(len(names)) if self.plan.is_parted_once else [0]
        self.group_of = {name: self.random.choice(list(groups)) for name in names}
        self.centre_in = self.random.choice([*self.group_of.values(), -1]) if self.plan.is_parted_once else 0
        self.doors = [SimulatedDoor(self, name) for name in names]
        for door in self.doors:
            door.clock.hear(self.now)

    def multipass(self, pass_id: str) -> Multipass:
        """A family pass as sold."""
        return Multipass(
            id=pass_id,
            account_id="family",
            type_id=pass_id,
            name=Text(pass_id),
            purchased_on=date(2026, 1, 1),
            total=self.plan.totals[pass_id],
            is_strict=pass_id == "strict",
        )

    def admit(self, event: Event) -> None:
        """Counts what a door has made durable."""
        if event.kind is EventKind.UNDONE and event.refers_to is not None:
            self.undone.add(event.refers_to)
        used = event.entitlement
        if used is not None and used.takes_use:
            assert event.outcome is Outcome.GRANTED
            self.taken[used.id].add(event.id)

    def admissions(self, pass_id: str) -> int:
        """How many are let in by a pass, counting every door's durable events."""
        return len(self.taken[pass_id] - self.undone)

    def run(self) -> None:
        """The whole history."""
        self.begin()
        actions: list[tuple[Callable[[SimulatedDoor], None], int]] = [
            (self.scan, 10),
            (self.upload, 4),
            (self.say_state, 3),
            (self.hear_states, 2),
            (self.tell, 3),
            (self.sync, 3),
            (self.undo, 1),
            (self.crash, 2),
            (self.take_late, 2),
            (self.wait, 3),
            *(() if self.plan.is_parted_once else ((self.part, 3), (self.set_clock, 1))),
        ]
        acts, weights = zip(*actions, strict=True)
        for act in self.random.choices(acts, weights, k=self.plan.steps):
            door = self.random.choice(self.doors)
            self.log.append(
                f"{self.now:%H:%M} {act.__name__} {door.name} groups={self.group_of} centre={self.centre_in}"
            )
            act(door)
            self.check()
        self.heal()

    def close(self) -> None:
        """Gives everything back."""
        for door in self.doors:
            door.close()

    # -- what can happen

    def scan(self, door: SimulatedDoor) -> None:
        """Somebody comes, with one of the passes."""
        self.presented = (self.random.choice(PEOPLE), self.random.choice(self.plan.presented))
        door.scan()
        if self.plan.is_parted_once:
            self.tell(door)

    def undo(self, door: SimulatedDoor) -> None:
        """Nobody went through after all."""
        door.undo()
        if self.plan.is_parted_once:
            self.tell(door)

    def crash(self, door: SimulatedDoor) -> None:
        """The power is cut at the n-th statement of a scan, or just before it."""
        assert door.connection is not None
        door.connection.fails_in = self.random.randrange(12)
        self.presented = (self.random.choice(PEOPLE), self.random.choice(self.plan.presented))
        with suppress(LedgerFault, sqlite3.Error):
            door.scan()
        door.restart()
        if self.plan.is_parted_once:
            self.tell(door)

    def tell(self, door: SimulatedDoor) -> None:
        """The broker brings what has no receipt to whoever is in reach: in any order, some of it twice."""
        seqs = list(door.bodies) if self.plan.is_parted_once else door.waiting()
        self._tell(door, seqs)

    def _tell(self, door: SimulatedDoor, seqs: list[int]) -> None:
        if not seqs:
            return
        for other in self.doors:
            if other is not door and self.group_of[other.name] == self.group_of[door.name]:
                order = self.random.sample(seqs, len(seqs)) + self.random.sample(seqs, len(seqs) // 2)
                for start in range(0, len(order), 50):
                    other.neighbours.take([(door.topic, door.batch(order[start : start + 50]))])

    def upload(self, door: SimulatedDoor) -> None:
        """Some of what waits reaches the centre, in any order; the receipt may be lost on the way."""
        waiting = door.waiting()
        if not door.is_connected or not waiting:
            return
        some = self.random.sample(waiting, self.random.randint(1, len(waiting)))
        self._upload(door, some, is_heard=self.random.random() < 0.8)

    def _upload(self, door: SimulatedDoor, seqs: list[int], *, is_heard: bool) -> None:
        for start in range(0, len(seqs), 50):
            receipt = record_batch(self.session, door.topic, door.batch(seqs[start : start + 50]), now=self.now)
            assert receipt is not None
            door.receipt = receipt if is_heard else door.receipt

    def say_state(self, door: SimulatedDoor) -> None:
        """The door gives its word; it may reach the centre much later, and after a newer one."""
        if door.is_connected:
            self.states.append((door, door.state()))

    def hear_states(self, _: SimulatedDoor) -> None:
        """States arrive, in any order; some are lost, some come twice."""
        self.random.shuffle(self.states)
        for door, raw in self.states:
            topic = DeviceTopic("club", "main", door.name, Channel.STATE)
            record_state(self.session, topic, raw, now=self.now)
        self.states = self.states[: self.random.randint(0, 1)]

    def sync(self, door: SimulatedDoor) -> None:
        """The feed comes."""
        if door.is_connected:
            rows = self.session.scalars(select(UseRow).where(UseRow.multipass_id.in_(PASSES)))
            door.uses = tuple(row.body() for row in rows)
            door.clock.hear(self.now)

    def take_late(self, door: SimulatedDoor) -> None:
        """Answers that nobody waited for."""
        for answer in door.late:
            door.book.keep(answer)
        door.late = []

    def wait(self, _: SimulatedDoor) -> None:
        """Minutes, or most of a day."""
        self.now += timedelta(seconds=self.random.choice((1, 60, 3600, 6 * 3600, 13 * 3600)))

    def part(self, _: SimulatedDoor) -> None:
        """The network falls into other pieces; the centre is in one of them, or in none."""
        for name in self.group_of:
            self.group_of[name] = self.random.randrange(self.plan.doors)
        self.centre_in = self.random.choice([*self.group_of.values(), -1])

    def set_clock(self, door: SimulatedDoor) -> None:
        """Somebody, or a flat battery, sets a door's clock."""
        door.time.skew = timedelta(hours=self.random.choice((-26, -13, -1, 0, 0, 1, 13, 26)))

    # -- what must hold

    def check(self) -> None:
        """Strict passes never admit more than was sold."""
        admitted, total = self.admissions("strict"), self.plan.totals["strict"]
        assert admitted <= total, self.story(f"strict: {admitted} let in, {total} sold")

    def heal(self) -> None:
        """All are connected again: the centre has the union, everybody agrees, the excess is found and bounded."""
        parts = len(set(self.group_of.values()))
        for name in self.group_of:
            self.group_of[name] = 0
        self.centre_in = 0
        for door in self.doors:
            self._upload(door, list(door.bodies), is_heard=True)
        for door in self.doors:
            self._tell(door, list(door.bodies))
            self.sync(door)
        recorded = set(self.session.scalars(select(Recorded.id)))
        durable = {json.loads(body)["id"] for door in self.doors for body in door.bodies.values()}
        assert recorded == durable, self.story("the centre's set is not the ledgers' union")
        flagged = [
            id_ for id_, flags in self.session.execute(select(Recorded.id, Recorded.flags)) if "overdrawn" in flags
        ]
        for pass_id, total in self.plan.totals.items():
            excess = max(0, self.admissions(pass_id) - total)
            assert len(self.taken[pass_id].intersection(flagged)) == excess, self.story(f"{pass_id}: flags")
            left = {door.remaining(pass_id) for door in self.doors}
            assert left == {total - self.admissions(pass_id)}, self.story(f"{pass_id}: left {left}")
        self._check_lenient(parts)

    def _check_lenient(self, parts: int) -> None:
        total = self.plan.totals["lenient"]
        excess = max(0, self.admissions("lenient") - total)
        ignorant = parts if self.plan.is_parted_once else self.plan.doors
        assert excess <= (ignorant - 1) * total, self.story(f"lenient: {excess} too many in {ignorant} parts")

    def story(self, problem: str) -> str:
        """What happened."""
        return "\n".join([problem, f"{self.plan}", *self.log])
