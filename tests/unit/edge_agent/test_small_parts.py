"""The small pure parts of a door: guessing, back-off, status, brokers, relays, picture kinds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge_agent.backoff import Backoff
from edge_agent.guessing import GuessGuard
from edge_agent.link import Broker, brokers
from edge_agent.pictures import media_type
from edge_agent.relays import RelayBank
from edge_agent.status import Cause, Condition, PointStatus
from hardware.errors import RelayLost


class FakeRelay:
    """A relay that can be lost."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_there = True
        self.is_open = False
        self.pulses: list[float] = []

    def open(self) -> None:
        """Opens, if it is there."""
        if not self.is_there:
            raise RelayLost("gone")
        self.is_open = True

    def pulse(self, seconds: float) -> None:
        """Pulses, if it is there and open."""
        if not (self.is_there and self.is_open):
            raise RelayLost("gone")
        self.pulses.append(seconds)

    def close(self) -> None:
        """Closes."""
        self.is_open = False


def test_unknown_codes_are_answered_until_the_burst_is_used_up() -> None:
    """After that one a second, and the others are counted."""
    guard = GuessGuard(burst=3, window_s=60, slow_s=1)
    assert [guard.is_answered("front", number / 10) for number in range(6)] == [True] * 3 + [False] * 3
    assert guard.passed_over() == {"front": 3}
    guard.reported("front")
    assert guard.passed_over() == {}
    assert guard.is_answered("front", 1.3)
    assert not guard.is_answered("front", 1.4)


def test_another_reader_is_not_slowed_and_the_window_ends() -> None:
    """Each reader has its own count."""
    guard = GuessGuard(burst=1, window_s=60, slow_s=30)
    assert guard.is_answered("front", 0)
    assert not guard.is_answered("front", 1)
    assert guard.is_answered("back", 1)
    assert guard.is_answered("front", 61)


def test_back_off_doubles_with_jitter_up_to_its_end_and_starts_again() -> None:
    """Between half and all of the delay."""
    backoff = Backoff(1.0, 5.0, random=lambda: 0.0)
    assert [backoff.next_s() for _ in range(4)] == [0.5, 1.0, 2.0, 2.5]
    backoff.reset()
    assert backoff.next_s() == 0.5
    assert Backoff(1.0, 5.0, random=lambda: 1.0).next_s() == 1.0


@pytest.mark.parametrize(
    ("change", "condition", "cause"),
    [
        ({}, Condition.CONNECTED, None),
        ({"is_connected": False}, Condition.OFFLINE, None),
        ({"are_readers_lost": True}, Condition.OUT_OF_SERVICE, Cause.READER_LOST),
        ({"is_known": False, "are_readers_lost": True}, Condition.OUT_OF_SERVICE, Cause.NOT_READY),
        ({"is_ledger_usable": False, "is_known": False}, Condition.OUT_OF_SERVICE, Cause.STORAGE),
    ],
)
def test_the_worst_that_applies_is_said(change: dict[str, bool], condition: Condition, cause: Cause | None) -> None:
    """No record, then no data, then no reader, then no connection."""
    good = {"is_ledger_usable": True, "is_known": True, "are_readers_lost": False, "is_connected": True}
    status = PointStatus.of(**{**good, **change}, data_as_of=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    assert (status.condition, status.cause) == (condition, cause)


def test_the_status_message_says_when_the_data_is_from() -> None:
    """In UTC, for the page to write in local time."""
    status = PointStatus(Condition.OFFLINE, datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
    assert status.to_json() == {
        "type": "status",
        "connection": "offline",
        "data_as_of": "2026-01-02T03:04:00Z",
        "cause": None,
    }


def test_several_brokers_stand_in_one_text() -> None:
    """In order, with the usual ports."""
    found = brokers("mqtt://a, mqtts://b,mqtt://c:1999")
    assert found == [Broker("a", 1883, False), Broker("b", 8883, True), Broker("c", 1999, False)]


def test_a_scan_pulses_the_relays_of_its_access_point_only() -> None:
    """Two points on one machine."""
    pool, gym = FakeRelay("pool-strike"), FakeRelay("gym-strike")
    bank = RelayBank([("pool", pool), ("gym", gym)])
    bank.open()
    bank.release("pool", 3.0)
    assert (pool.pulses, gym.pulses) == ([3.0], [])


def test_a_lost_relay_raises_nothing_and_comes_back() -> None:
    """It is opened again when needed, and by `revive`."""
    relay = FakeRelay("strike")
    bank = RelayBank([("pool", relay)])
    bank.open()
    relay.is_there = False
    bank.release("pool", 3.0)
    assert bank.lost() == ["strike"]
    relay.is_there = True
    bank.revive()
    assert bank.lost() == []
    relay.is_open = False
    bank.release("pool", 2.0)
    assert relay.pulses == [2.0]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF0000WEBP", "image/webp"),
        (b"<svg onload=alert(1)>", None),
        (b"", None),
    ],
)
def test_only_pictures_are_shown(head: bytes, kind: str | None) -> None:
    """By their first bytes; a drawing with scripts is none."""
    assert media_type(head) == kind
