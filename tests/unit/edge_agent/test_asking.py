"""Asking within a set time: what is worth asking, and that nobody waits longer than said."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from access.domain.facts import Decision, Finding
from access.domain.policy import Direction
from access.domain.reasons import Outcome, Reason
from edge_agent.asking import REST_S, TURNABLE, Asker, is_turnable
from edge_agent.errors import CentreUnreachable
from tests.patience import PATIENCE_S

NEVER = {
    Reason.ENTRY_BLOCKED,
    Reason.CARD_REVOKED,
    Reason.FORGED_CARD,
    Reason.REPLAYED_CARD,
    Reason.EXPIRED_CODE,
    Reason.UNREADABLE_CODE,
    Reason.ACCESS_POINT_CLOSED,
    Reason.ANTI_PASSBACK,
    Reason.CAPACITY_FULL,
    Reason.CLOCK_UNTRUSTED,
}


def refused(*reasons: Reason, outcome: Outcome = Outcome.DENIED, direction: Direction = Direction.IN) -> Decision:
    """A decision with these reasons."""
    findings = tuple(Finding(reason=reason, outcome=outcome) for reason in reasons)
    return Decision(outcome=outcome, direction=direction, findings=findings)


@pytest.mark.parametrize("reason", sorted(TURNABLE))
def test_a_fresher_fact_could_turn_it(reason: Reason) -> None:
    """Alone it is worth asking; beside a reason that stays, it is not."""
    assert is_turnable(refused(reason))
    for stays in NEVER:
        assert not is_turnable(refused(reason, stays))


def test_only_refusals_of_entries_are_asked_about() -> None:
    """No review, no grant, no exit."""
    assert not is_turnable(refused(Reason.BALANCE_DUE, outcome=Outcome.REVIEW))
    assert not is_turnable(refused(Reason.BALANCE_DUE, outcome=Outcome.GRANTED, direction=Direction.OUT))
    assert not NEVER & TURNABLE


class Clock:
    """A monotonic clock that a test can push on."""

    def __init__(self) -> None:
        self.pushed_s = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.pushed_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asker(clock: Clock) -> Iterator[Asker]:
    asker = Asker(budget_s=0.05, is_connected=lambda: True, monotonic=clock)
    asker.start()
    yield asker
    asker.stop()


def test_an_answer_in_time_is_the_answer(asker: Asker, clock: Clock) -> None:
    """And the next question may come at once."""
    assert [asker.ask(lambda: 7, until=clock() + PATIENCE_S) for _ in range(3)] == [7, 7, 7]


def test_nobody_waits_longer_than_the_set_time(asker: Asker, clock: Clock) -> None:
    """Late counts as no answer; nothing is asked while it is under way, nor for a moment after."""
    release, ran = threading.Event(), threading.Event()

    def slow() -> int:
        release.wait(PATIENCE_S)
        ran.set()
        return 1

    began = time.monotonic()
    assert asker.ask(slow, until=asker.deadline()) is None
    assert time.monotonic() - began < PATIENCE_S / 2
    assert asker.ask(lambda: 2, until=asker.deadline()) is None
    release.set()
    assert ran.wait(PATIENCE_S)
    assert asker.ask(lambda: 3, until=asker.deadline()) is None
    clock.pushed_s += REST_S + 0.1
    assert asker.ask(lambda: 4, until=clock() + PATIENCE_S) == 4


def test_a_failure_is_no_answer(asker: Asker) -> None:
    """The centre went away in between: decided as before."""

    def fail() -> int:
        raise CentreUnreachable("gone")

    assert asker.ask(fail, until=asker.deadline()) is None


def test_a_door_that_is_cut_off_or_told_not_to_asks_nothing() -> None:
    """No thread is even woken."""
    cut_off, silent = Asker(budget_s=1, is_connected=lambda: False), Asker(budget_s=0, is_connected=lambda: True)
    for asker in (cut_off, silent):
        assert asker.ask(lambda: 1, until=asker.deadline()) is None
