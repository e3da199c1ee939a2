"""Account activity on both engines: every filter, both directions, and that unwanted rows are never fetched."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, text

from access.domain.ids import uuid7
from server.checkins.activity import ActivityFilter, ActivityPage, Cursor, activity_page
from server.checkins.repository import account_events, corrections, kind_counts
from server.db import Database
from server.models import Event
from tests.statements import heard

ZONE = ZoneInfo("America/Toronto")
ROWS = 2500
RARE = {
    100: {"kind": "denied", "outcome": "denied", "reasons": ["card_revoked"]},
    200: {"kind": "overridden", "staff_id": "kim", "outcome": "granted"},
    300: {"person_id": "seldom"},
    400: {"access_point_id": "exit"},
    500: {"pass_id": "other", "pass_type": "multipass", "pass_name": "Other"},
    600: {"flags": ["late", "overdrawn"], "is_flagged": True},
    700: {"flags": ["late"], "is_flagged": True},
}
"""The only rows of their sort among thousands of plain entries."""


def _row(number: int, now: datetime, **more: Any) -> dict[str, Any]:
    at = now - timedelta(minutes=number)
    return {
        "id": uuid7(int(at.timestamp() * 1000), number.to_bytes(10, "big")),
        "organization_id": "club",
        "site_id": "main",
        "device_id": "door",
        "seq": number + 1,
        "prev_hash": "0" * 64,
        "access_point_id": "entrance",
        "account_id": "family",
        "person_id": "ann",
        "kind": "checked_in",
        "outcome": "granted",
        "reasons": [],
        "pass_type": "membership",
        "pass_id": "m",
        "pass_name": "Family",
        "credential_kind": "nfc",
        "occurred_at": at,
        "recorded_at": at,
        "is_offline": False,
        "staff_id": None,
        "refers_to": None,
        "flags": [],
        "is_flagged": False,
        "body": json.dumps({}),
        "body_hash": "0" * 64,
        **more,
    }


@pytest.fixture
def big(club: Database, now: datetime) -> Database:
    """Both engines with `_fill`."""
    return _fill(club, now)


@pytest.fixture
def big_sqlite(sqlite_club: Database, now: datetime) -> Database:
    """SQLite with `_fill`."""
    return _fill(sqlite_club, now)


def _fill(club: Database, now: datetime) -> Database:
    """An account with thousands of plain entries and one of each rare sort, beside as many of other accounts."""
    rows = [_row(number, now, **RARE.get(number, {})) for number in range(ROWS)]
    rows += [_row(ROWS + number, now, account_id=f"other-{number % 50}", person_id="x") for number in range(ROWS)]
    with club.write_engine.begin() as connection:
        connection.execute(insert(Event.__table__), rows)  # type: ignore[arg-type]
        if not club.is_sqlite:
            connection.execute(text("ANALYZE event"))
    return club


FILTERS: list[tuple[dict[str, str], str | None]] = [
    ({"outcome": "denied"}, "ix_event_account_outcome"),
    ({"kind": "overridden"}, "ix_event_account_kind"),
    ({"flag": "overdrawn"}, "ix_event_account_flagged"),
    ({"person": "seldom"}, "ix_event_person"),
    ({"point": "exit"}, "ix_event_account_activity"),
    ({"pass": "other"}, "ix_event_account_activity"),
    ({"pass": "type:multipass"}, "ix_event_account_activity"),
    ({"kind": "checked_in", "outcome": "granted", "point": "exit"}, "ix_event_account_activity"),
    ({"person": "ann", "outcome": "denied"}, "ix_event_account_outcome"),
    ({"person": "ann", "point": "exit", "pass": "m"}, None),
]


def test_what_is_rare_is_found_without_fetching_the_rest(big: Database) -> None:
    """One row is wanted; the plan goes by an index that knows the filter, sorts nothing and drops no fetched row."""
    for query, index in FILTERS:
        _check_plan(big, query, index)


def _check_plan(big: Database, query: dict[str, str], index: str | None) -> None:
    found = _statement(big, lambda session: _ask(session, query))
    assert len(found.rows) == 1
    if big.is_sqlite:
        plan = " ".join(str(row[3]) for row in _explain(big, "EXPLAIN QUERY PLAN", found))
        assert index is None or index in plan, query
        assert "TEMP B-TREE" not in plan
        assert "ix_event_overview" not in plan
    else:
        plan = "\n".join(row[0] for row in _explain(big, "EXPLAIN (ANALYZE, TIMING OFF)", found))
        assert "Seq Scan" not in plan
        assert _removed(plan) < 100, plan


def _ask(session: Any, query: dict[str, str]) -> list[Event]:
    wanted = ActivityFilter.parse(query)
    return account_events(session, "club", "family", wanted, span=(None, None), before=None, limit=51)


def test_counts_of_a_day_are_read_from_an_index(big_sqlite: Database, now: datetime) -> None:
    """The index covers the query: no event is fetched to be counted. (PostgreSQL decides by what was vacuumed.)"""
    for point in (None, "entrance"):
        span = (now - timedelta(hours=5), now)
        found = _statement(big_sqlite, lambda session: kind_counts(session, "club", point, span=span))  # noqa: B023
        plan = " ".join(str(row[3]) for row in _explain(big_sqlite, "EXPLAIN QUERY PLAN", found))
        assert "COVERING INDEX" in plan


def test_what_was_done_about_a_page_of_events_is_found_by_what_it_refers_to(big: Database) -> None:
    """Of a screen and of a file's batch, also when the engine knows that nearly all refer to nothing."""
    big.gather_statistics()
    for limit in (50, 1000):
        shown = {row.event.id for row in _page(big, {}, limit=limit).rows}
        found = _statement(big, lambda session: corrections(session, "club", shown))  # noqa: B023
        assert found.rows == {}
        how = "EXPLAIN QUERY PLAN" if big.is_sqlite else "EXPLAIN"
        assert "ix_event_refers_to" in " ".join(str(row[-1]) for row in _explain(big, how, found))


def test_filters_go_together(big: Database) -> None:
    """All of them at once, and a word that is none is left out."""
    asked: list[tuple[dict[str, str], list[int]]] = [
        ({"flag": "any"}, [600, 700]),
        ({"flag": "late"}, [600, 700]),
        ({"flag": "clone"}, []),
        ({"flag": "nonsense", "outcome": "denied"}, [100]),
        ({"person": "ann", "flag": "overdrawn", "pass": "type:membership"}, [600]),
        ({"pass": "type:session"}, []),
    ]
    for query, numbers in asked:
        assert [row.event.seq - 1 for row in _page(big, query).rows] == numbers, query


def test_days_are_local_and_go_with_any_filter(big: Database) -> None:
    """The 9th of March in Toronto is whole, from the first minute to the last."""
    page = _page(big, {"from": "2026-03-09", "to": "2026-03-09", "kind": "checked_in"}, limit=2000)
    days = {row.event.occurred_at.astimezone(ZONE).date() for row in page.rows}
    assert days == {date(2026, 3, 9)}
    assert len(page.rows) == 24 * 60


def test_older_and_newer_are_each_others_way_back(big: Database) -> None:
    """Three pages down and up again, the same rows."""
    first = _page(big, {}, limit=40)
    assert first.newer is None
    second = _page(big, {}, limit=40, before=first.older)
    third = _page(big, {}, limit=40, before=second.older)
    back = _page(big, {}, limit=40, after=third.newer)
    assert _ids(back) == _ids(second)
    top = _page(big, {}, limit=40, after=back.newer)
    assert _ids(top) == _ids(first)
    assert top.newer is None
    assert not {*_ids(first), *_ids(second)} & {*_ids(third)}


def test_a_page_opens_with_an_event(big: Database) -> None:
    """The event itself is its first row."""
    third = _page(big, {}, limit=40).rows[3].event
    assert _page(big, {}, limit=40, before=Cursor.at_event(third)).rows[0].event.id == third.id


def _page(database: Database, query: dict[str, str], **more: Any) -> ActivityPage:
    return activity_page(database, "club", "family", ActivityFilter.parse(query), zone=ZONE, **more)


def _ids(page: ActivityPage) -> list[str]:
    return [row.event.id for row in page.rows]


class _Found:
    """A query's answer and how it was asked."""

    def __init__(self, rows: Any, statement: str, parameters: Any) -> None:
        self.rows, self.statement, self.parameters = rows, statement, parameters


def _statement(database: Database, ask: Callable[[Any], Any]) -> _Found:
    with heard(database.read_engine) as statements, database.read() as session:
        rows = ask(session)
    return _Found(rows, *next(each for each in statements if "FROM event" in each[0]))


def _explain(database: Database, how: str, found: _Found) -> list[Any]:
    with database.read() as session:
        asked = f"{how} {found.statement}"
        return list(session.connection().exec_driver_sql(asked, found.parameters))


def _removed(plan: str) -> int:
    """How many fetched rows a filter threw away."""
    return sum(int(line.split(":")[1]) for line in plan.splitlines() if "Rows Removed by Filter" in line)
