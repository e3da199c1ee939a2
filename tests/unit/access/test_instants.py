"""Days and instants in many time zones; event ids."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access.domain.errors import InvalidFact
from access.domain.facts import Facts, Presence
from access.domain.ids import uuid7
from access.domain.instants import (
    Hours,
    add_days,
    add_months,
    elapsed,
    is_within_hours,
    local_day,
    local_time,
    shift,
    start_of_day,
)
from access.domain.multipasses import PassUse
from access.domain.registrations import Occurrence

ZONES = [
    ZoneInfo(name)
    for name in (
        "America/Toronto",
        "Europe/Paris",
        "Africa/Cairo",
        "America/Havana",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Etc/UTC",
    )
]
zones = st.sampled_from(ZONES)
days = st.dates(date(1990, 1, 1), date(2037, 12, 31))
at_any_time = st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31), timezones=zones)  # noqa: DTZ001


@given(days, zones)
@settings(max_examples=300, deadline=None)
def test_a_day_begins_at_its_first_instant(day: date, zone: ZoneInfo) -> None:
    """The second before belongs to an earlier day, whatever the clock does at midnight."""
    begins_at = start_of_day(day, zone)
    assert local_day(begins_at - timedelta(seconds=1), zone) < day
    # A day that does not exist begins where the next one does.
    is_skipped = zone.key == "Pacific/Apia" and day == date(2011, 12, 30)
    assert local_day(begins_at, zone) == (date(2011, 12, 31) if is_skipped else day)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/Toronto", date(2026, 3, 8), 23),
        ("America/Toronto", date(2026, 11, 1), 25),
        ("Europe/Paris", date(2026, 3, 29), 23),
        ("Europe/Paris", date(2026, 10, 25), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Pacific/Apia", date(2011, 12, 30), 0),
        ("America/Toronto", date(2028, 2, 29), 24),
    ],
)
def test_days_have_as_many_hours_as_they_have(zone: str, day: date, hours: int) -> None:
    """23, 24, 25, or none."""
    length = start_of_day(day + timedelta(days=1), ZoneInfo(zone)) - start_of_day(day, ZoneInfo(zone))
    assert length == timedelta(hours=hours)


@given(at_any_time, at_any_time)
@settings(max_examples=200, deadline=None)
def test_elapsed_is_real_time(since: datetime, until: datetime) -> None:
    """As in UTC, whatever zone the two are written in."""
    assert elapsed(since, until) == until.astimezone(UTC) - since.astimezone(UTC)
    assert elapsed(until, since) == -elapsed(since, until)


def test_elapsed_over_a_clock_change_in_one_zone() -> None:
    """Where Python's own subtraction says an hour and 20 minutes."""
    toronto = ZoneInfo("America/Toronto")
    since, until = datetime(2026, 3, 8, 1, 50, tzinfo=toronto), datetime(2026, 3, 8, 3, 10, tzinfo=toronto)
    assert until - since == timedelta(minutes=80)
    assert elapsed(since, until) == timedelta(minutes=20)


@given(st.dates(), st.integers(-(10**7), 10**7))
@settings(max_examples=200, deadline=None)
def test_adding_never_leaves_the_calendar(day: date, number: int) -> None:
    """Days and months stop at the first and the last day there is, and keep their order."""
    assert (add_days(day, number) >= day) == (number >= 0 or day == date.min)
    assert (add_months(day, number) >= day) == (number >= 0 or day == date.min)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2026, 5, 15), 1, date(2026, 6, 15)),
        (date(2026, 1, 31), 0, date(2026, 1, 31)),
        (date(9999, 12, 1), 1, date.max),
    ],
)
def test_months_end_with_the_month(day: date, months: int, expected: date) -> None:
    """31 January and a month is the last of February."""
    assert add_months(day, months) == expected


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_edges_of_time_are_days_too(zone: ZoneInfo) -> None:
    """Old databases write "never" as year 1 or 9999."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert local_day(first, zone) in (date.min, date.min + timedelta(days=1))
    assert local_day(last, zone) in (date.max, date.max - timedelta(days=1))
    assert start_of_day(date.min, zone) < start_of_day(date.max, zone)
    assert shift(first, minutes=-(10**15)) == first
    assert shift(last, minutes=10**15) == last
    assert local_time(first, zone).microsecond == 0


@given(at_any_time, st.times(), st.times())
@settings(max_examples=200, deadline=None)
def test_hours_and_their_complement_divide_a_day(at: datetime, opens: time, closes: time) -> None:
    """From a to b on every day, and from b to a on every day: always exactly one of them."""
    zone = ZONES[0]
    if opens != closes:
        is_in = Hours(opens=opens, closes=closes).contains(at, zone)
        assert is_in != Hours(opens=closes, closes=opens).contains(at, zone)


def test_no_hours_are_always_and_bad_hours_are_refused() -> None:
    """An empty list of hours restricts nothing."""
    at = datetime(2026, 3, 10, 3, tzinfo=UTC)
    assert is_within_hours((), at, ZONES[0])
    for bad in ({"days": ()}, {"days": (0,)}, {"days": (8,)}, {"opens": time(6, tzinfo=UTC)}):
        with pytest.raises(InvalidFact):
            Hours(**bad)


def test_instants_without_an_offset_are_refused_where_they_enter() -> None:
    """Nobody can say when that was."""
    naive, aware = datetime(2026, 3, 10, 10), datetime(2026, 3, 10, 11, tzinfo=UTC)  # noqa: DTZ001
    makers: list[Callable[[], object]] = [
        lambda: PassUse(id="u", multipass_id="x", person_id="p", used_at=naive),
        lambda: Presence(last_in_at=naive),
        lambda: Presence(last_out_at=naive),
        lambda: Facts(data_as_of=naive),
        lambda: Occurrence(id="o", starts_at=naive, ends_at=aware),
        lambda: Occurrence(id="o", starts_at=aware, ends_at=naive),
        lambda: Occurrence(id="o", starts_at=aware, ends_at=aware),
    ]
    for make in makers:
        with pytest.raises(InvalidFact):
            make()


def test_an_occurrence_through_the_repeated_hour_is_no_contradiction() -> None:
    """From the first 1:45 to the second 1:15 are thirty minutes."""
    toronto = ZoneInfo("America/Toronto")
    starts_at, ends_at = (datetime(2026, 11, 1, 1, m, tzinfo=toronto, fold=f) for m, f in ((45, 0), (15, 1)))
    assert Occurrence(id="o", starts_at=starts_at, ends_at=ends_at).ends_at is ends_at


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
@settings(max_examples=200, deadline=None)
def test_a_uuid7_is_one(unix_ms: int, random: bytes) -> None:
    """Version 7, variant of RFC 9562, and its time is read back."""
    text = uuid7(unix_ms, random)
    value = uuid.UUID(text)
    assert str(value) == text
    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert value.int >> 80 == unix_ms


def test_uuid7_sorts_by_time_and_needs_ten_bytes() -> None:
    """The example of RFC 9562 (A.6) has this time; later ids are greater."""
    assert uuid7(0x017F22E279B0, bytes(10)).startswith("017f22e2-79b0-7")
    assert uuid7(1, b"\xff" * 10) < uuid7(2, bytes(10))
    with pytest.raises(ValueError, match="10 random bytes"):
        uuid7(0, bytes(9))
