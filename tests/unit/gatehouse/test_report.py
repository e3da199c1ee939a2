"""What `gatehouse demo --once` says at its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gatehouse.demo.once import Presentation, Result, Step
from gatehouse.demo.people import by_key
from gatehouse.demo.report import activity_table, figures
from server.models import Event

NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


def made(*, is_centre_up: bool, is_offline: bool) -> Presentation:
    """Maya at the pool, with what the centre recorded of it."""
    event = Event(
        id="1",
        person_id="maya",
        outcome="granted",
        reasons=[],
        pass_name="Family membership",
        occurred_at=NOW,
        recorded_at=NOW + timedelta(seconds=2),
        is_offline=is_offline,
    )
    step = Step("barcode", "granted", by_key()["maya"])
    return Presentation("pool", step, is_centre_up=is_centre_up, at=0.0, wall_at=NOW, event=event)


@pytest.mark.parametrize(
    ("is_centre_up", "is_offline", "said"),
    [(True, False, ""), (False, False, "centre away"), (False, True, "offline")],
)
def test_a_scan_without_the_centre_says_so(is_centre_up: bool, is_offline: bool, said: str) -> None:
    """Also one that was made before the door had noticed; the figures count both."""
    result = Result([made(is_centre_up=is_centre_up, is_offline=is_offline)])
    column = next(each for each in activity_table(result).columns if each.header == "Offline")
    assert list(column.cells) == [said]
    assert figures(result)["offline_scans"] == int(not is_centre_up)
