"""Dates in full, as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from server.admin.say import Say, long_date

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


def say(language: str) -> Say:
    """What a page of the sample organization says."""
    return Say(language, ZoneInfo("America/Toronto"), NOW)


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2015, 6, 1), "1er juin 2015", "June 1, 2015"),
        (date(2015, 6, 11), "11 juin 2015", "June 11, 2015"),
        (date(2001, 8, 31), "31 août 2001", "August 31, 2001"),
    ],
)
def test_the_first_of_a_month_is_an_ordinal_in_french(day: date, french: str, english: str) -> None:
    """On the member's page, in an answer, and on cards alike."""
    assert long_date(day, "fr") == french
    assert long_date(day, "en") == english
    assert say("fr").born(day).startswith(f"{french} (")
    assert say("fr").answer("date", day.isoformat()) == french
    assert say("en").answer("date", day.isoformat()) == english


def test_the_day_of_the_week_stands_before_it() -> None:
    """In the report and beside every time; the hour 1 is no first of a month."""
    assert long_date(date(2026, 6, 1), "fr", "full") == "lundi 1er juin 2026"
    assert say("fr").exact(datetime(2026, 6, 1, 5, 5, tzinfo=UTC)).startswith("lundi 1er juin 2026")
    assert "1er" not in say("fr").exact(datetime(2026, 6, 2, 5, 5, tzinfo=UTC))
