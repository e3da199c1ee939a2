"""Whoever was let in and did not go through: undone by itself where that is certain, and never by guess.

A real agent, a real serial line to a simulated input board.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from access.wire.events import Event, EventKind
from access.wire.feed import Body
from hardware.simulated import SimulatedInputBoard, SimulatedScanner
from tests.component.edge_agent.desk_sample import PIN, desk_sample
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.running import AgentProcess, wait_until
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, sample

KEY = hashlib.sha256(b"fingerprints").digest()


class Turnstile:
    """An agent whose pool has a barrier."""

    def __init__(self, agent: AgentProcess, scanner: SimulatedScanner, board: SimulatedInputBoard) -> None:
        self.agent, self.scanner, self.board = agent, scanner, board

    def start(self) -> None:
        """Starts the agent and waits until it sees the barrier."""
        self.agent.start()
        self.agent.wait_ready()
        self.wait_for_barrier("ready")

    def wait_for_barrier(self, state: str) -> None:
        wait_until(lambda: self.agent.health().get("barriers") == {"turnstile": state}, timeout_s=20, what=state)

    def scan(self, card: str) -> Event:
        """Presents a card; the event that it made."""
        reads = sum(each.reader is not None for each in self.agent.events())
        self.scanner.present(card.encode())
        wait_until(
            lambda: sum(each.reader is not None for each in self.agent.events()) > reads, what="the scan's event"
        )
        return [each for each in self.agent.events() if each.reader is not None][-1]

    def _reads(self) -> list[Event]:
        return [each for each in self.agent.events() if each.reader is not None]

    def undone(self) -> list[Event]:
        """What was undone, oldest first."""
        return [each for each in self.agent.events() if each.kind is EventKind.UNDONE]

    def wait_for_undone(self, count: int = 1) -> Event:
        wait_until(lambda: len(self.undone()) >= count, timeout_s=20, what="the undoing")
        return self.undone()[-1]

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The agent's log lines of one kind."""
        found = []
        for line in self.agent.log.read_text().splitlines():
            if line.startswith("{") and json.loads(line).get("event") == event:
                found.append(json.loads(line))
        return found

    def wait_for_line(self, event: str) -> None:
        wait_until(lambda: self.lines(event), timeout_s=20, what=event)


@pytest.fixture
def make_turnstile(tmp_path: Path) -> Callable[..., Any]:
    @contextmanager
    def make(bodies: list[Body], passage_s: float = 4) -> Iterator[Turnstile]:
        with (
            FakeCentre(tmp_path, bodies) as centre,
            SimulatedScanner() as scanner,
            SimulatedInputBoard() as board,
            AgentProcess(tmp_path, centre_url=centre.url, port=scanner.port, uplink="http") as agent,
        ):
            with agent.config.open("a") as file:
                file.write(
                    f'\n[[barriers]]\nname = "turnstile"\ndriver = "modbus"\nport = "{board.port}"\n'
                    f'not_passed_input = 2\naccess_point = "pool"\npassage_s = {passage_s}\n'
                )
            agent.enroll()
            turnstile = Turnstile(agent, scanner, board)
            turnstile.start()
            yield turnstile

    return make


@pytest.fixture
def turnstile(make_turnstile: Callable[..., Any]) -> Iterator[Turnstile]:
    with make_turnstile(sample(KEY)) as made:
        yield made


@pytest.fixture
def quick(make_turnstile: Callable[..., Any]) -> Iterator[Turnstile]:
    """For tests in which nobody goes through in time."""
    with make_turnstile(sample(KEY), passage_s=1) as made:
        yield made


def test_nobody_went_through_and_the_use_comes_back(quick: Turnstile) -> None:
    """The undoing names the check-in and why; the next scan is a new check-in with the same use."""
    turnstile = quick
    entered = turnstile.scan(PASS_CARD)
    assert entered.entitlement is not None
    assert entered.entitlement.remaining == 4
    undone = turnstile.wait_for_undone()
    assert (undone.refers_to, undone.cause, undone.staff, undone.reader) == (entered.id, "no_entry", None, None)
    assert (undone.person, undone.account, undone.direction) == ("p2", "a2", "in")
    assert undone.entitlement is not None
    assert (undone.entitlement.takes_use, undone.entitlement.remaining) == (False, 5)
    again = turnstile.scan(PASS_CARD)
    assert again.kind is EventKind.CHECKED_IN
    assert again.entitlement is not None
    assert again.entitlement.remaining == 4


def test_who_went_through_stays_in(turnstile: Turnstile) -> None:
    """The barrier's word ends the wait; a later entry without it is undone, this one is not."""
    entered = turnstile.scan(MEMBER_CARD)
    turnstile.board.pulse(1)
    other = turnstile.scan(PASS_CARD)
    assert turnstile.wait_for_undone().refers_to == other.id
    assert [each.refers_to for each in turnstile.undone()] == [other.id]
    assert turnstile.scan(MEMBER_CARD).kind is EventKind.REPEATED
    assert entered.kind is EventKind.CHECKED_IN


def test_the_barrier_says_itself_that_its_time_is_over(make_turnstile: Callable[..., Any]) -> None:
    """Long before ours is."""
    with make_turnstile(sample(KEY), passage_s=120) as turnstile:
        entered = turnstile.scan(PASS_CARD)
        turnstile.board.pulse(2)
        assert turnstile.wait_for_undone().refers_to == entered.id


def test_a_late_passage_changes_nothing_and_is_logged(quick: Turnstile) -> None:
    """Somebody slipped through after all: the history keeps what was certain then."""
    turnstile = quick
    turnstile.scan(PASS_CARD)
    turnstile.wait_for_undone()
    turnstile.board.pulse(1)
    turnstile.wait_for_line("passage_of_nobody")
    assert [each.kind for each in turnstile.agent.events()] == [EventKind.CHECKED_IN, EventKind.UNDONE]


@pytest.mark.parametrize("way", ["silent", "unplugged"])
def test_a_barrier_that_cannot_be_seen_undoes_nobody(turnstile: Turnstile, way: str) -> None:
    """While somebody was on the way, and before they came: the check-ins stay, said once; later ones count again."""
    first = turnstile.scan(PASS_CARD)
    turnstile.board.fall_silent() if way == "silent" else turnstile.board.unplug()
    turnstile.wait_for_line("passage_unknown")
    second = turnstile.scan(MEMBER_CARD)
    turnstile.board.fall_silent(False)
    turnstile.board.replug()
    turnstile.wait_for_barrier("ready")
    turnstile.board.wait_for_look()
    assert turnstile.scan(PASS_CARD).kind is EventKind.REPEATED
    assert first.kind is second.kind is EventKind.CHECKED_IN
    assert turnstile.undone() == []
    assert len(turnstile.lines("passage_unknown")) == 1
    assert len(turnstile.lines("barrier_lost")) == len(turnstile.lines("barrier_back")) == 1


def test_of_two_people_and_one_passage_nobody_knows_who(turnstile: Turnstile) -> None:
    """Both stay in: which of them stayed outside would be a guess."""
    turnstile.scan(PASS_CARD)
    turnstile.scan(MEMBER_CARD)
    turnstile.board.pulse(1)
    turnstile.wait_for_line("passage_unknown")
    assert turnstile.undone() == []


def test_after_a_kill_nothing_is_undone_by_guess(turnstile: Turnstile) -> None:
    """The door did not watch all the time, so it does not say that nobody went through."""
    turnstile.scan(PASS_CARD)
    turnstile.agent.kill()
    turnstile.start()
    other = turnstile.scan(MEMBER_CARD)
    turnstile.wait_for_undone()
    assert [each.refers_to for each in turnstile.undone()] == [other.id]


def test_an_approval_is_undone_too_and_the_desk_shows_why(make_turnstile: Callable[..., Any]) -> None:
    """The scan at the desk says that nobody went through, and the list of who is inside is empty."""
    with make_turnstile(desk_sample(KEY), passage_s=1) as turnstile:
        review = turnstile.scan(PASS_CARD)
        url = f"http://127.0.0.1:{turnstile.agent.http_port}"
        with httpx.Client(base_url=f"{url}/desk/api/", headers={"origin": url}) as desk:
            desk.post("sign-in", json={"access_point": "pool", "pin": PIN}).raise_for_status()
            act = {"access_point": "pool", "act": "approve", "scan": review.id}
            desk.post("acts", json=act).raise_for_status()
            undone = turnstile.wait_for_undone()
            approved = next(each for each in turnstile.agent.events() if each.kind is EventKind.REVIEW_APPROVED)
            assert undone.refers_to == approved.id
            assert desk.get("inside", params={"access_point": "pool"}).json()["count"] == 0
            act["act"] = "undo"
            assert desk.post("acts", json=act).json() == {"problem": "already_decided"}
