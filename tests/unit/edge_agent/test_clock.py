"""The clock of a door through every script of jumps: the floor holds, and trust is earned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from access.domain.facts import ClockTrust
from edge_agent.clock import AGREEMENT, BUILT_AT, DoorClock
from tests.component.edge_agent.making import NOW, FakeTime


def test_a_fresh_clock_is_holdover_until_the_centre_agrees() -> None:
    """Nobody has confirmed it in this boot."""
    time = FakeTime()
    clock = DoorClock(time)
    assert clock.read().trust is ClockTrust.HOLDOVER
    clock.hear(NOW + timedelta(seconds=90))
    assert clock.read().trust is ClockTrust.TRUSTED


def test_a_centre_that_disagrees_earns_no_trust() -> None:
    """Two minutes and a second apart."""
    clock = DoorClock(FakeTime())
    clock.hear(NOW + AGREEMENT + timedelta(seconds=1))
    assert clock.read().trust is ClockTrust.UNTRUSTED
    ahead = DoorClock(FakeTime(NOW + timedelta(hours=1)))
    ahead.hear(NOW)
    assert ahead.read().trust is ClockTrust.HOLDOVER


def test_a_clock_below_the_build_is_untrusted_and_reads_the_floor() -> None:
    """A dead battery says 1970."""
    clock = DoorClock(FakeTime(datetime(1970, 1, 1, tzinfo=UTC)))
    moment = clock.read()
    assert moment.trust is ClockTrust.UNTRUSTED
    assert moment.now == BUILT_AT


def test_the_persisted_mark_survives_a_restart() -> None:
    """A clock set back while the power was off is noticed."""
    clock = DoorClock(FakeTime(NOW - timedelta(days=3)), own_mark=NOW)
    assert clock.read().trust is ClockTrust.UNTRUSTED
    assert clock.read().now == NOW


def test_a_jump_after_agreement_loses_trust_but_a_step_of_seconds_does_not() -> None:
    """The monotonic clock tells how far the wall clock should have come."""
    time = FakeTime()
    clock = DoorClock(time)
    clock.hear(NOW)
    time.pass_(600)
    time.jump(time.at - timedelta(seconds=4))
    assert clock.read().trust is ClockTrust.TRUSTED
    time.jump(time.at + timedelta(hours=5))
    assert clock.read().trust is ClockTrust.HOLDOVER


def test_a_clock_that_ran_ahead_is_corrected_by_a_newer_word_of_the_centre() -> None:
    """A day in 2099 does not lock the door's floor there for good."""
    time = FakeTime(datetime(2099, 1, 1, tzinfo=UTC))
    clock = DoorClock(time)
    clock.read()
    time.jump(NOW)
    assert clock.read().trust is ClockTrust.UNTRUSTED
    clock.hear(NOW)
    assert clock.read().trust is ClockTrust.TRUSTED
    assert clock.read().now == NOW


def test_an_older_word_of_the_centre_is_passed_over() -> None:
    """A replayed message moves nothing."""
    clock = DoorClock(FakeTime(), centre_mark=NOW)
    clock.hear(NOW - timedelta(days=1))
    assert clock.marks()[1] == NOW


@given(st.lists(st.one_of(st.integers(-(10**9), 10**9), st.none()), max_size=20))
def test_now_never_lies_below_the_marks_it_had(jumps: list[int | None]) -> None:
    """Whatever the wall clock does, `now` stays at or above build time and the centre's last word."""
    time = FakeTime()
    clock = DoorClock(time)
    newest = BUILT_AT
    for jump in jumps:
        if jump is None:
            clock.hear(NOW)
            newest = max(newest, NOW)
        else:
            time.jump(NOW + timedelta(seconds=jump))
        assert clock.read().now >= newest
