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
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from access.domain.multipasses import Multipass
from access.domain.people import Text
from access.domain.reasons import Outcome
from access.wire.events import Event, EventKind
from access.wire.topics import Channel, DeviceTopic
from edge_agent.errors import LedgerFault
from server.ingest.service import record_batch, record_state
from server.models import Event as Recorded
from server.models import PassUse as UseRow
from tests.faults.simulated_door import DOORS, START, SimulatedDoor

__all__ = ["DOORS", "PASSES", "PEOPLE", "START", "Plan", "Site"]

PEOPLE = ("p1", "p2", "p3")
PASSES = ("strict", "lenient")


@dataclass(frozen=True)
class Plan:
    """What a history may do. `is_parted_once`: one partition for the whole history, in which every group's doors hear
    each other at once; else everything may happen, in any order and any number of times."""

    doors: int
    totals: dict[str, int]
    is_parted_once: bool = False
    steps: int = 24
    presented: tuple[str, ...] = ("strict", "strict", "lenient")


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
