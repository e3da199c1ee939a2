"""The Check-in overview on a real database, and its stream."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from server.admin.live import server_sent_events
from server.checkins.overview import Counts, overview
from server.db import Database
from server.models import utc_now
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import event
from tests.patience import PATIENCE_S

ZONE = ZoneInfo("America/Toronto")
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def _counts(database: Database, **more: Any) -> Counts:
    return overview(database, "home", zone=ZONE, now=NOON, **more).counts


def test_counts_of_a_day(database: Database) -> None:
    """Granted, review and denied of the local day; inside is who came and did not leave, undone entries aside."""
    with database.write() as session:
        event(session, occurred_at=NOON)
        event(session, person_id="home-emile", occurred_at=NOON)
        event(session, person_id="home-emile", kind="checked_out", occurred_at=NOON + timedelta(minutes=5))
        wrong = event(session, person_id="home-cmd", occurred_at=NOON)
        event(session, person_id="home-cmd", kind="undone", refers_to=wrong.id, occurred_at=NOON)
        event(session, person_id="home-x", kind="review_requested", outcome="review", occurred_at=NOON)
        event(session, person_id="home-x", kind="review_approved", occurred_at=NOON + timedelta(minutes=1))
        event(session, kind="denied", outcome="denied", person_id=None, account_id=None, occurred_at=NOON)
        event(session, occurred_at=NOON - timedelta(days=1))
        event(session, organization="elsewhere", occurred_at=NOON)
    assert _counts(database) == Counts(inside=2, granted=3, review=1, denied=1)
    assert _counts(database, day=date(2026, 11, 19)) == Counts(inside=1, granted=1, review=0, denied=0)
    assert _counts(database, access_point_id="home-gym") == Counts(0, 0, 0, 0)


def test_an_exit_without_a_name_leaves_one_fewer_inside(database: Database) -> None:
    """But never fewer than nobody."""
    with database.write() as session:
        event(session, kind="anonymous_exit", person_id=None, account_id=None, occurred_at=NOON)
    assert _counts(database).inside == 0


def test_scans_are_newest_first_with_looks_left_out(database: Database) -> None:
    """Looking someone up is no scan."""
    with database.write() as session:
        first = event(session, occurred_at=NOON).id
        second = event(session, occurred_at=NOON + timedelta(seconds=1)).id
        event(session, kind="looked_up", occurred_at=NOON)
    rows = overview(database, "home", zone=ZONE, now=NOON).rows
    assert [row.event.id for row in rows] == [second, first]


def test_the_stream_tells_of_a_commit_at_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Woken by the database, not by waiting; another organization's events wake nobody."""

    async def scenario() -> list[str]:
        updates = iter([{"n": 1}, {"n": 2}])
        looks = 0

        async def update() -> dict[str, Any] | None:
            nonlocal looks
            looks += 1
            return next(updates, None)

        heard: list[str] = []
        async for chunk in server_sent_events(database, "home", update, stream_s=PATIENCE_S):
            heard.append(chunk)
            if len(heard) == 2:
                await asyncio.to_thread(record)
            if len(heard) == 3:
                return heard
        return heard

    def record() -> None:
        with database.write() as session:
            event(session, organization="elsewhere")
        with database.write() as session:
            event(session)

    monkeypatch.setattr("server.admin.live._LOOK_ANYWAY_S", PATIENCE_S * 2)
    heard = asyncio.run(scenario())
    assert heard[0].startswith("retry:")
    assert [json.loads(chunk.split("data: ")[1]) for chunk in heard[1:]] == [{"n": 1}, {"n": 2}]


def test_a_stream_ends_by_itself(database: Database) -> None:
    """So that a session that ended stops seeing, and a server can stop."""

    async def scenario() -> int:
        async def nothing() -> None:
            return None

        return len([chunk async for chunk in server_sent_events(database, "home", nothing, stream_s=0.3)])

    assert asyncio.run(scenario()) >= 2


def test_the_stream_sends_rows_in_the_readers_language(
    app: FastAPI, admin: Browser, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finished, escaped row, the counts and the day."""
    monkeypatch.setitem(server_sent_events.__kwdefaults__, "stream_s", 0.2)
    with database.write() as session:
        event(session, person_id="home-cmd", occurred_at=utc_now())
    admin.post("/admin/preferences", language="fr")
    answer = admin.get("/admin/live", accept="text/event-stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    data = json.loads(answer.text.split("data: ")[1].split("\n")[0])
    assert data["counts"]["granted"] == "1"
    assert "Accordé" in data["html"]
    assert "&lt;img" in data["html"]
    assert "<img src=x" not in data["html"]


def test_the_page_offers_days_and_access_points(admin: Browser, database: Database) -> None:
    """A past day has no stream; an odd day is today."""
    assert "data-stream" in admin.get("/admin/").text
    assert "data-stream" not in admin.get("/admin/?day=2020-01-01").text
    assert admin.get("/admin/?day=soon&point=nowhere").status_code == 200
