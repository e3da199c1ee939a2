"""All a door learns of an age."""

from __future__ import annotations

from datetime import date

import pytest

from access.domain.people import AgeGroup
from server.feed.projection import age_group


@pytest.mark.parametrize(
    ("born_on", "today", "group"),
    [
        (None, date(2026, 5, 1), AgeGroup.ADULT),
        (date(2013, 5, 2), date(2026, 5, 1), AgeGroup.CHILD),
        (date(2013, 5, 1), date(2026, 5, 1), AgeGroup.TEEN),
        (date(2008, 5, 2), date(2026, 5, 1), AgeGroup.TEEN),
        (date(2008, 5, 1), date(2026, 5, 1), AgeGroup.ADULT),
        (date(2008, 2, 29), date(2026, 2, 28), AgeGroup.TEEN),
        (date(2008, 2, 29), date(2026, 3, 1), AgeGroup.ADULT),
    ],
)
def test_the_group_changes_on_the_birthday(born_on: date | None, today: date, group: AgeGroup) -> None:
    """Child under 13, teen under 18, adult from then on and when nothing is known."""
    assert age_group(born_on, today) is group
