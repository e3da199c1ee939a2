"""What the back office makes of a door's last state: how it is, what is recorded of it, what somebody should do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access.wire.enrolment import device_fingerprint, enrolment_text, read_enrolment_text
from server.devices.hints import HINTS, hints_of
from server.devices.lines import DeviceLine
from server.models import Device, DeviceMark

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)
WELL: dict[str, Any] = {
    "connection": "online",
    "at": (NOW - timedelta(seconds=3)).isoformat(),
    "data_as_of": (NOW - timedelta(seconds=5)).isoformat(),
    "last_seq": 412,
    "waiting": 0,
    "clock": "trusted",
    "readers": {"front": "ready"},
    "relays": {"strike": "open"},
    "free_mb": 9000,
}


def line(
    *, seen_s: float = 3, through: int = 412, ranges: Any = (), parked: Any = (), device: Any = None, **said: Any
) -> DeviceLine:
    """A door that is well, but for what is given."""
    row = Device(id="d", name="Door", version="1.2.0", last_seen_at=NOW - timedelta(seconds=seen_s), **(device or {}))
    row.last_state = None if said.get("nothing") else WELL | said
    mark = DeviceMark(
        device_id="d", through_seq=through, max_seq=through, ranges=[list(each) for each in ranges], parked=list(parked)
    )
    return DeviceLine(row, mark, NOW)


def codes(found: DeviceLine) -> list[str]:
    """Which hints it gets."""
    return [each.code for each in hints_of(found, centre_version="1.2.0")]


def test_a_door_that_is_well_needs_nothing() -> None:
    """Connected, all of its events recorded."""
    found = line()
    assert (found.state, found.recorded, found.made, found.missing) == ("connected", 412, 412, [])
    assert codes(found) == []


def test_what_is_recorded_is_counted_and_what_is_missing_is_named() -> None:
    """Runs above a gap count; what lies in quarantine is here, but not recorded; the newest may be on their way."""
    found = line(through=100, ranges=[(110, 123)], parked=[50], last_seq=130, waiting=7)
    assert (found.recorded, found.made, found.parked) == (113, 130, 1)
    assert found.missing == [(101, 109), (124, 130)]
    assert found.missing_count == 16
    assert [(each.code, each.number) for each in hints_of(found, centre_version="1.2.0")] == [
        ("missing", 9),
        ("parked", 1),
    ]
    assert line(through=500, last_seq=412).made == 500
    assert DeviceLine(Device(id="d", version=""), None, NOW).missing == []


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (line(seen_s=60), "connected"),
        (line(seen_s=61), "offline"),
        (line(connection="offline"), "offline"),
        (line(nothing=True), "never"),
        (line(device={"revoked_at": NOW}), "revoked"),
        (line(device={"revoked_at": NOW, "written_off_at": NOW}), "written_off"),
    ],
)
def test_its_state(found: DeviceLine, state: str) -> None:
    """What the broker says holds for a minute: a door speaks every 15 seconds."""
    assert found.state == state


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (line(readers={"a": "lost", "b": "ready"}), ["reader_lost"]),
        (line(relays={"strike": "lost"}), ["relay_lost"]),
        (line(clock="untrusted"), ["clock_untrusted"]),
        (line(clock="holdover"), []),
        (line(data_as_of=None), ["no_data"]),
        (line(data_as_of=(NOW - timedelta(minutes=6)).isoformat()), ["data_old"]),
        (line(waiting=50, last_seq=462), []),
        (line(waiting=51, last_seq=463), ["outbox"]),
        (line(free_mb=499), ["disk"]),
        (line(device={}, seen_s=300, waiting=1, last_seq=413), ["away", "outbox"]),
        (line(seen_s=3600, data_as_of=(NOW - timedelta(hours=1)).isoformat()), ["away", "data_old"]),
        (line(nothing=True), ["never"]),
        (line(device={"revoked_at": NOW}, clock="untrusted"), []),
    ],
)
def test_a_hint_for_what_somebody_should_do(found: DeviceLine, expected: list[str]) -> None:
    """And none for what just misses."""
    assert codes(found) == expected
    assert set(expected) <= set(HINTS)


def test_since_when_readers_are_lost() -> None:
    """The first of them, as the door says it; of an older door nobody knows, and of one that is back none is said."""
    lost = {"a": "lost", "b": "lost", "c": "ready", "d": "lost"}
    since = {"a": "2026-03-10T13:50:00Z", "b": "2026-03-10T13:30:00Z", "c": "2026-03-10T09:00:00Z"}
    found = line(readers=lost, lost_since=since)
    (hint,) = hints_of(found, centre_version="1.2.0")
    assert (hint.names, hint.age) == (("a", "b", "d"), timedelta(minutes=30))
    assert found.lost_since("a") == NOW - timedelta(minutes=10)
    assert found.lost_since("c") is found.lost_since("d") is None
    assert hints_of(line(readers=lost), centre_version="1.2.0")[0].age is None
    ahead = line(readers=lost, lost_since={"a": "2026-03-10T14:00:02Z"})
    assert hints_of(ahead, centre_version="1.2.0")[0].age == timedelta(0)


@pytest.mark.parametrize(
    ("version", "is_older"),
    [("1.1.9", True), ("1.10.0", False), ("1.2.0", False), ("1.2", True), ("unknown", False), ("0.9.0+local", True)],
)
def test_a_version_is_compared_by_its_numbers(version: str, is_older: bool) -> None:
    """1.10 is newer than 1.2; of what is no version nothing is said."""
    found = line()
    found.device.version = version
    assert ("version" in codes(found)) is is_older


def test_a_qr_text_holds_the_centre_and_the_code() -> None:
    """And a code that was typed is a code."""
    text = enrolment_text("https://gate.example.org/sub?a=1&b=é", "K7XM-2P9Q")
    assert text.startswith("gatehouse://enroll?")
    assert read_enrolment_text(f" {text}\r\n") == ("K7XM-2P9Q", "https://gate.example.org/sub?a=1&b=é")
    assert read_enrolment_text(" k7xm 2p9q ") == ("k7xm 2p9q", None)
    assert read_enrolment_text("gatehouse://enroll?") == ("", None)
    assert read_enrolment_text("https://elsewhere.example/?code=K7XM-2P9Q")[1] is None


def test_a_fingerprint_is_short_and_tells_nothing_of_the_secret() -> None:
    """Sixteen digits in fours, another for another secret."""
    first, second = device_fingerprint("a" * 64), device_fingerprint("b" * 64)
    assert [len(part) for part in first.split()] == [4, 4, 4, 4]
    assert first != second
    assert "aaaa" not in first
