"""`gatehouse bench page`: Account activity and the Check-in overview, whole pages beside the query of their rows."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from fastapi import FastAPI
from sqlalchemy import event as signal

from gatehouse.commands.bench_page import Area, Figure, figure_of
from gatehouse.commands.bench_page_history import BIG_ACCOUNT, BIG_PASS, History
from gatehouse.commands.bench_scratch import ORGANIZATION, Scratch
from server.admin import mount_admin
from server.admin.gate import SESSION_COOKIE
from server.db import Database
from server.models import utc_now
from server.settings import ServerSettings
from server.staff.service import create_staff, start_session

__all__ = ["AREA"]

_CALLS: Final = 30
_HOST: Final = "http://bench.local"
_ACTIVITY: Final = f"/admin/accounts/{BIG_ACCOUNT}/activity"
_PERSON: Final = "01900000-0000-7000-9003-000000000000"
_FAR_DOOR: Final = "01900000-0000-7000-a000-000000000013"


def fill(place: Scratch) -> None:
    """The history: at most 50,000 events on the large account and 20,000 on the busy day."""
    _history(place).write(place)


def measure(place: Scratch) -> list[Figure]:
    """Asks each page, in turn with its bare query."""
    if not place.events:
        return []
    app, database = FastAPI(), place.database
    with tempfile.TemporaryDirectory() as folder:
        mount_admin(app, database, ServerSettings(data_dir=Path(folder)))
        with database.write() as session:
            staff = create_staff(
                session,
                organization_id=ORGANIZATION,
                email="bench@example.org",
                name="Bench",
                password=secrets.token_urlsafe(24),
                role="admin",
            )
            session.flush()
            token = start_session(session, staff.id, now=utc_now())
        return asyncio.run(_measure(app, database, token, _pages(_history(place))))


def _history(place: Scratch) -> History:
    return History(
        events=place.events,
        big=max(1, min(50_000, place.events // 4)),
        busy=min(20_000, place.events // 4),
        accounts=max(1, place.people * 8 // 19 - 1),
        last_day=place.today,
    )


def _pages(history: History) -> dict[str, str]:
    day = history.last_day.isoformat()
    deep = datetime.combine(history.last_day, clock_time(), UTC) - timedelta(days=1500)
    place = f"{int(deep.timestamp() * 1_000_000)}-z"
    asked: dict[str, dict[str, str]] = {
        "first page": {},
        "deep page": {"before": place},
        "one person": {"person": _PERSON},
        "outcome: denied": {"outcome": "denied"},
        "kind: overridden": {"kind": "overridden"},
        "one access point": {"point": _FAR_DOOR},
        "one pass": {"pass": BIG_PASS},
        "flag: overdrawn": {"flag": "overdrawn"},
        "person, point, denied": {"person": _PERSON, "point": _FAR_DOOR, "outcome": "denied"},
        "person, point, pass": {"person": _PERSON, "point": _FAR_DOOR, "pass": BIG_PASS},
        "plain entries at one point": {"kind": "checked_in", "outcome": "granted", "point": _FAR_DOOR},
        "one month": {
            "from": (history.last_day - timedelta(days=430)).isoformat(),
            "to": (history.last_day - timedelta(days=400)).isoformat(),
        },
    }
    pages = {f"Account activity, {name}": f"{_ACTIVITY}?{urlencode(query)}" for name, query in asked.items()}
    pages["Check-in overview, busy day"] = f"/admin/?day={day}"
    pages["Check-in overview, busy day, one point"] = f"/admin/?day={day}&point={_FAR_DOOR[:-2]}00"
    return pages


async def _measure(app: FastAPI, database: Database, token: str, pages: dict[str, str]) -> list[Figure]:
    figures = []
    transport = httpx.ASGITransport(app)
    cookies = {SESSION_COOKIE: token}
    async with httpx.AsyncClient(transport=transport, base_url=_HOST, cookies=cookies, timeout=600) as client:
        for name, path in pages.items():
            statement, parameters = await _row_query(client, database, path)
            page_ms: list[float] = []
            query_ms: list[float] = []
            for _ in range(_CALLS):
                started = time.perf_counter()
                answer = await client.get(path)
                page_ms.append((time.perf_counter() - started) * 1000)
                if answer.status_code != 200:
                    raise RuntimeError(f"{path} was answered {answer.status_code}")
                query_ms.append(_bare(database, statement, parameters))
            figures += [figure_of(name, page_ms), figure_of(f"{name}, rows", query_ms, is_baseline=True)]
    return figures


async def _row_query(client: httpx.AsyncClient, database: Database, path: str) -> tuple[str, Any]:
    """The statement by which the page finds its rows, and its parameters; the page is warm afterwards."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if "FROM event" in statement and "ORDER BY event.occurred_at DESC, event.id DESC" in statement:
            heard.append((statement, parameters))

    signal.listen(database.read_engine, "before_cursor_execute", hear)
    try:
        await client.get(path)
    finally:
        signal.remove(database.read_engine, "before_cursor_execute", hear)
    return heard[0]


def _bare(database: Database, statement: str, parameters: Any) -> float:
    raw = database.read_engine.raw_connection()
    try:
        cursor = raw.cursor()
        started = time.perf_counter()
        cursor.execute(statement, parameters)
        cursor.fetchall()
        took_ms = (time.perf_counter() - started) * 1000
        cursor.close()
    finally:
        raw.close()
    return took_ms


AREA: Final = Area("activity", 10, fill, measure)
