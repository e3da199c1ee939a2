"""When occurrences of a rule take place: by the clock on the wall, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from server.activities.calendar import MOST, Rule, meeting, meetings
from server.activities.errors import Ended, TooMany

TORONTO = ZoneInfo("America/Toronto")


def rule(**given: Any) -> Rule:
    """Tuesdays and Thursdays at half past five, around the change to winter time of 2026."""
    said: dict[str, Any] = {
        "weekdays": (2, 4),
        "first_on": date(2026, 10, 27),
        "last_on": date(2026, 11, 5),
        "starts": time(17, 30),
        "ends": time(18, 15),
    }
    return Rule(**{**said, **given})


def test_weekdays_between_two_days_that_both_count() -> None:
    """The time of day stays when the clocks change; the instant moves by the hour."""
    found = meetings(rule(), TORONTO)
    assert [at.astimezone(TORONTO).strftime("%a %d %H:%M") for at, _ in found] == [
        "Tue 27 17:30",
        "Thu 29 17:30",
        "Tue 03 17:30",
        "Thu 05 17:30",
    ]
    assert [at.hour for at, _ in found] == [21, 21, 22, 22]
    assert all(ends_at - starts_at == found[0][1] - found[0][0] for starts_at, ends_at in found)


def test_days_without_it() -> None:
    """A holiday is left out; a rule may mean no day at all."""
    assert len(meetings(rule(except_on={date(2026, 10, 29), date(2026, 12, 25)}), TORONTO)) == 3
    assert meetings(rule(weekdays=(1,), last_on=date(2026, 10, 28)), TORONTO) == []
    assert meetings(rule(last_on=date(2026, 10, 26)), TORONTO) == []


def test_an_end_before_the_start_is_refused_and_midnight_is_none() -> None:
    """00:00 is the end of the day; another day must be said."""
    day = date(2026, 11, 3)
    with pytest.raises(Ended):
        meeting(day, time(18), time(18), TORONTO)
    with pytest.raises(Ended):
        meeting(day, time(18), time(17), TORONTO)
    with pytest.raises(Ended):
        meeting(day, time(18), time(19), TORONTO, ends_on=date(2026, 11, 2))
    assert meeting(day, time(22), time(0), TORONTO)[1] == datetime(2026, 11, 4, 5, tzinfo=UTC)
    assert meeting(day, time(22), time(6), TORONTO, ends_on=date(2026, 11, 4))[1] == datetime(
        2026, 11, 4, 11, tzinfo=UTC
    )


def test_hours_that_the_clocks_skip_or_repeat() -> None:
    """Skipped: it keeps its length. Repeated: it lasts as long as the clock on the wall is passed twice."""
    starts_at, ends_at = meeting(date(2026, 3, 8), time(2, 30), time(3), TORONTO)
    assert (starts_at, ends_at) == (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC))
    starts_at, ends_at = meeting(date(2026, 11, 1), time(0, 30), time(2, 30), TORONTO)
    assert (ends_at - starts_at).total_seconds() == 3 * 3600


def test_no_more_than_can_be_looked_through() -> None:
    """Also when somebody types the wrong century."""
    with pytest.raises(TooMany):
        meetings(rule(weekdays=(1, 2, 3, 4, 5, 6, 7), last_on=date(8999, 1, 1)), TORONTO)
    assert len(meetings(rule(weekdays=(2,), last_on=date(2033, 1, 1)), TORONTO)) < MOST
