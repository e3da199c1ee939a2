"""`gatehouse demo --once`: everyone scans at both doors, the centre goes away and comes back, a door is killed.

Each presentation is followed by the event id on the visitor's screen to its row at the centre. Times are measured
from the moment something is presented: at a pty, before a camera, in an NFC field.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from sqlalchemy import func, select

from gatehouse.demo.doors import DemoDoor, Technology
from gatehouse.demo.people import SAMPLE, SamplePerson
from gatehouse.demo.screens import ScreenWatch, Seen
from gatehouse.demo.venue import Venue
from server.db import Database
from server.models import Event, PassUse

__all__ = ["Presentation", "Result", "Step", "plan", "run_once"]

_SCREEN_TIMEOUT_S = 60.0
_DRAIN_TIMEOUT_S = 120.0
_STRAY_UID = bytes.fromhex("04DEADBEEF0102")


@dataclass(frozen=True, slots=True)
class Step:
    """One presentation to make: who (or which bytes), how, and the answer expected: "outcome" or "outcome reason".

    Where a pass is named in `chooses`, the screen must ask, and that pass must be the one that is used.
    """

    technology: Technology
    expected: str
    person: SamplePerson | None = None
    data: bytes = b""
    chooses: str = ""

    @property
    def label(self) -> str:
        """Who or what is presented."""
        return self.person.full_name if self.person else "stray code"


@dataclass(slots=True)
class Presentation:
    """A step that was made at a door. Times are `time.monotonic()` and wall clock; `seen` is what the screen said."""

    door: str
    step: Step
    is_centre_up: bool
    at: float
    wall_at: datetime
    seen: Seen | None = None
    event: Event | None = None

    @property
    def problem(self) -> str | None:
        """What did not come out as expected, if anything."""
        if self.seen is None:
            return "no answer on the screen"
        if self.event is None:
            return "not recorded at the centre"
        reason = self.event.reasons[0] if self.event.reasons else ""
        found = f"{self.event.outcome} {reason}".strip()
        same_screen = self.seen.outcome == self.event.outcome
        if found != self.step.expected or not same_screen:
            return f"{found or 'nothing'} instead of {self.step.expected}"
        return self._wrong_choice()

    @property
    def is_chosen(self) -> bool:
        """Whether the visitor was asked which pass to use."""
        return self.seen is not None and bool(self.seen.offered)

    def _wrong_choice(self) -> str | None:
        if self.is_chosen != bool(self.step.chooses):
            return "the screen asked" if self.is_chosen else "the screen did not ask which pass to use"
        used = self.event.pass_name if self.event else None
        return f"{used} was used instead of {self.step.chooses}" if self.step.chooses not in ("", used) else None


@dataclass(slots=True)
class Result:
    """What the run came to."""

    presentations: list[Presentation] = field(default_factory=list)
    lost: int = 0
    duplicated: int = 0
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        """One line for each presentation that did not come out."""
        return [f"{each.step.label} at the {each.door}: {each.problem}" for each in self.presentations if each.problem]


def plan(door: str) -> list[Step]:
    """Everyone once at the door, the technologies in turn, with repeated scans and stray codes between."""
    people = [person for account in SAMPLE for person in account.people]
    steps: list[Step] = []
    for number, person in enumerate(people):
        technology: Technology = "nfc" if door == "gym" else "camera" if number % 2 else "barcode"
        first = person.pool if door == "pool" else person.gym
        steps.append(Step(technology, first, person, chooses=person.chooses if door == "pool" else ""))
        if person.key in ("maya", "priya"):
            repeated = "granted already_checked_in" if first == "granted" else first
            steps.append(Step("nfc" if door == "gym" else "barcode", repeated, person))
    if door == "gym":
        return [*steps[:5], Step("nfc", "denied unknown_card", data=_STRAY_UID), *steps[5:]]
    strays = [
        Step("barcode", "denied unknown_card", data=b"999999999"),
        Step("barcode", "denied unreadable_code", data=b"\xff\xfe\x9f"),
    ]
    return [*steps[:5], *strays, *steps[5:]]


def run_once(venue: Venue, *, say: Callable[[str], None], advance: Callable[[], None]) -> Result:
    """Makes every presentation and returns what came of it; `advance` is called after each."""
    started, result = time.monotonic(), Result()
    watches = {name: ScreenWatch(door.kiosk_url) for name, door in venue.doors.items()}
    try:
        _wait_for_screens(watches)
        _wait_until_connected(venue)
        first, second, third = zip(*(_thirds(plan(name)) for name in venue.doors), strict=True)
        run = _Run(venue, watches, result, advance)
        say("Scanning at both doors ...")
        run.part(first, is_centre_up=True)
        say("Stopping the centre. The doors go on by themselves ...")
        with venue.centre_away():
            run.part(second, is_centre_up=False)
            say("Killing the pool door (SIGKILL) while the centre is away, and starting it again ...")
            venue.doors["pool"].agent.kill()
            venue.doors["pool"].agent.start()
            venue.doors["pool"].agent.wait_until_ready()
            _wait_for_screens(watches)
            run.part([steps[:3] for steps in third], is_centre_up=False)
            say("Starting the centre again ...")
        _wait_until_connected(venue)
        run.part([steps[3:] for steps in third], is_centre_up=True)
        say("Waiting until everything is recorded ...")
        _settle(venue, result)
    finally:
        for watch in watches.values():
            watch.close()
    result.seconds = time.monotonic() - started
    return result


def _thirds(steps: Sequence[Step]) -> tuple[list[Step], list[Step], list[Step]]:
    one, two = len(steps) // 3, 2 * len(steps) // 3
    return list(steps[:one]), list(steps[one:two]), list(steps[two:])


@dataclass(slots=True)
class _Run:
    venue: Venue
    watches: dict[str, ScreenWatch]
    result: Result
    advance: Callable[[], None]

    def part(self, steps: Sequence[Sequence[Step]], *, is_centre_up: bool) -> None:
        """The doors' steps, both doors at the same time."""
        threads = [
            threading.Thread(target=self._at_door, args=(door, mine, is_centre_up), daemon=True)
            for door, mine in zip(self.venue.doors.values(), steps, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _at_door(self, door: DemoDoor, steps: Sequence[Step], is_centre_up: bool) -> None:
        watch = self.watches[door.name]
        for step in steps:
            while watch.next(0) is not None:  # an answer that came too late belongs to nobody
                continue
            watch.wanted = step.chooses
            presentation = Presentation(door.name, step, is_centre_up, time.monotonic(), datetime.now(UTC))
            self.result.presentations.append(presentation)
            _present(door, step)
            presentation.seen = watch.next(_SCREEN_TIMEOUT_S)
            if door.camera is not None:
                door.camera.clear()
            self.advance()


def _present(door: DemoDoor, step: Step) -> None:
    if step.person is not None:
        door.present(step.person, step.technology)
    elif step.technology == "nfc":
        door.tap(step.data)
    else:
        door.scan(step.data)


def _wait_for_screens(watches: dict[str, ScreenWatch]) -> None:
    for watch in watches.values():
        watch.is_connected.wait(_SCREEN_TIMEOUT_S)


def _wait_until_connected(venue: Venue) -> None:
    """Until both doors have heard the centre again (two minutes at most)."""
    deadline = time.monotonic() + 120
    for door in venue.doors.values():
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                points = httpx.get(f"{door.url}/health", timeout=2).json()["access_points"]
                if all(point["connection"] == "connected" for point in points.values()):
                    break
            time.sleep(0.1)


def _settle(venue: Venue, result: Result) -> None:
    """Waits until the centre has every event of the doors' ledgers, then compares screens, ledgers and centre."""
    database = venue.open_database()
    try:
        deadline = time.monotonic() + _DRAIN_TIMEOUT_S
        made = {id_ for door in venue.doors.values() for id_ in _ledger_ids(door)}
        made |= {each.seen.id for each in result.presentations if each.seen}
        recorded = _recorded(database)
        while not made <= recorded.keys() and time.monotonic() < deadline:
            time.sleep(0.2)
            recorded = _recorded(database)
        for each in result.presentations:
            each.event = recorded.get(each.seen.id) if each.seen else None
        unanswered = sum(each.seen is None for each in result.presentations)
        result.lost = len(made - recorded.keys()) + unanswered
        result.duplicated = len(recorded) - len(result.presentations) + unanswered + _wrong_uses(database, recorded)
    finally:
        database.close()


def _ledger_ids(door: DemoDoor) -> Iterator[str]:
    with contextlib.closing(sqlite3.connect(f"file:{door.data_dir / 'ledger.db'}?mode=ro", uri=True)) as ledger:
        yield from (row[0] for row in ledger.execute("SELECT id FROM events"))


def _recorded(database: Database) -> dict[str, Event]:
    with database.read() as session:
        events = list(session.scalars(select(Event)))
        session.expunge_all()
    return {event.id: event for event in events}


def _wrong_uses(database: Database, recorded: dict[str, Event]) -> int:
    """How many uses of multipasses there are beyond one for each new check-in that took one."""
    took = [each for each in recorded.values() if each.kind == "checked_in" and each.pass_type == "multipass"]
    before = sum(int(held.get("used", 0)) for account in SAMPLE for held in account.multipasses)
    with database.read() as session:
        uses = session.scalar(select(func.count()).select_from(PassUse)) or 0
    return abs(uses - before - len(took))
