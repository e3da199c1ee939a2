"""What a link to the report means."""

from __future__ import annotations

from datetime import date

import pytest

from server.reports.wanted import Period, Wanted

TODAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("pairs", "period", "first_on", "last_on"),
    [
        ([], Period.THIS_WEEK, date(2026, 11, 23), TODAY),
        ([("from", "2026-03-01"), ("to", "2026-03-04")], Period.CUSTOM, date(2026, 3, 1), date(2026, 3, 4)),
        ([("to", "2026-03-04")], Period.CUSTOM, date(2026, 3, 4), date(2026, 3, 4)),
        ([("from", "soon"), ("to", "")], Period.THIS_WEEK, date(2026, 11, 23), TODAY),
        ([("period", "yesterday"), ("from", "2026-03-01")], Period.YESTERDAY, date(2026, 11, 24), date(2026, 11, 24)),
    ],
)
def test_days_alone_are_a_period_of_their_own(
    pairs: list[tuple[str, str]], period: Period, first_on: date, last_on: date
) -> None:
    """A named period wins; what is no day is nothing."""
    wanted = Wanted.parse(pairs, today=TODAY)
    assert (wanted.period, wanted.first_on, wanted.last_on) == (period, first_on, last_on)
    assert Wanted.parse(wanted.query(), today=TODAY) == wanted
