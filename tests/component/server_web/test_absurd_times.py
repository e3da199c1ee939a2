"""A door with a broken clock: what it sends is a fact, and no page and no file breaks off because of it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from server.checkins.activity import ActivityFilter, Cursor, activity_page
from server.db import Database
from server.models import Organization
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import event

FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)


@pytest.fixture(params=["America/Toronto", "Pacific/Auckland", "UTC"])
def odd_events(request: pytest.FixtureRequest, database: Database) -> list[str]:
    """Two events at the ends of the calendar and a plain one, in a zone west of UTC, one east, and in it."""
    with database.write() as session:
        session.scalars(select(Organization).where(Organization.id == "home")).one().time_zone = request.param
        made = [
            event(session, id=f"odd-{place}", flags=["late", "long_ago"], body='{"account": "home-account"}')
            for place in range(5)
        ]
        for each, at in zip(
            made, (FIRST, FIRST + timedelta(hours=2), NOW, LAST - timedelta(hours=2), LAST), strict=True
        ):
            each.occurred_at = at
        made.append(event(session, kind="undone", refers_to="odd-0", staff_id="x", occurred_at=NOW))
        return [each.id for each in made]


def test_every_page_that_says_a_time_still_does(admin: Browser, odd_events: list[str]) -> None:
    """The account's activity, the overview, and the explanation of each event, in both languages."""
    pages = ["/admin/accounts/home-account/activity", "/admin/", *(f"/admin/why/{each}" for each in odd_events)]
    for language in ("en", "fr"):
        admin.post("/admin/preferences", language=language, next="/admin/")
        for page in pages:
            assert admin.get(page).status_code in (200, 404), page
    shown = admin.get(pages[0]).text
    assert "Date improbable" in shown


def test_the_file_has_every_row(admin: Browser, odd_events: list[str]) -> None:
    """Each with its exact instant in UTC; only the local time stops at the end of the calendar."""
    answer = admin.get("/admin/accounts/home-account/activity.csv")
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {row[-1] for row in rows[1:]} >= set(odd_events)
    assert "0001-01-01T00:00:00Z" in {row[-3] for row in rows}
    assert len({len(row) for row in rows}) == 1


def test_a_row_that_cannot_be_said_is_still_a_row(admin: Browser, database: Database) -> None:
    """Something nobody thought of costs its own words and no other row."""
    with database.write() as session:
        event(session, id="unsayable", body='{"entitlement": {}}', reasons=[{"not": "a word"}], occurred_at=NOW)
        event(session, id="good", occurred_at=NOW - timedelta(hours=1))
    answer = admin.get("/admin/accounts/home-account/activity.csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert {"unsayable", "good"} <= {row[-1] for row in rows}
    assert len({len(row) for row in rows}) == 1


def test_pages_go_on_before_1970(database: Database, odd_events: list[str]) -> None:
    """The place after an event of the year 1 is a place like any other."""
    seen: list[str] = []
    before: Cursor | None = None
    for _ in range(50):
        page = activity_page(
            database, "home", "home-account", ActivityFilter(), zone=ZoneInfo("UTC"), before=before, limit=1
        )
        seen += [row.event.id for row in page.rows]
        if page.older is None:
            break
        before = Cursor.parse(str(page.older))
        assert before is not None
    assert len(seen) == len(set(seen)) == len(odd_events)
