"""Account activity on a real database: order, filters, pages, organizations, the CSV file, speed of a page."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from access.domain.reasons import Outcome
from access.wire.events import EventKind
from server.checkins.activity import ActivityFilter, Cursor, activity_page, all_activity
from server.checkins.repository import account_events
from server.db import Database
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import EVIL, event
from tests.statements import heard

ZONE = ZoneInfo("America/Toronto")
NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)


def _ids(database: Database, wanted: ActivityFilter = ActivityFilter(), **more: object) -> list[str]:
    page = activity_page(database, "home", "home-account", wanted, zone=ZONE, **more)  # type: ignore[arg-type]
    return [row.event.id for row in page.rows]


def test_newest_first_by_when_it_happened(database: Database) -> None:
    """A late event takes its place among those of its time."""
    with database.write() as session:
        first = event(session, occurred_at=NOON)
        second = event(session, occurred_at=NOON + timedelta(hours=1))
        late = event(session, occurred_at=NOON + timedelta(minutes=30), recorded_at=NOON + timedelta(days=2))
        expected = [second.id, late.id, first.id]
    assert _ids(database) == expected


def test_filters(database: Database) -> None:
    """By person, local day, kind, outcome and access point, alone and together."""
    with database.write() as session:
        # 23:30 on the 19th in Toronto is already the 20th in UTC.
        evening = event(session, occurred_at=datetime(2026, 11, 20, 4, 30, tzinfo=UTC)).id
        denied = event(session, kind="denied", outcome="denied", reasons=["card_revoked"], occurred_at=NOON).id
        emile = event(session, person_id="home-emile", access_point_id="home-gym", occurred_at=NOON).id
    day = date(2026, 11, 19)
    assert _ids(database, ActivityFilter(first_on=day, last_on=day)) == [evening]
    assert evening not in _ids(database, ActivityFilter(first_on=day + timedelta(days=1)))
    assert _ids(database, ActivityFilter(outcome=Outcome.DENIED)) == [denied]
    assert _ids(database, ActivityFilter(kind=EventKind.DENIED)) == [denied]
    assert _ids(database, ActivityFilter(person_id="home-emile")) == [emile]
    assert _ids(database, ActivityFilter(access_point_id="home-gym")) == [emile]
    assert _ids(database, ActivityFilter(person_id="home-emile", outcome=Outcome.DENIED)) == []


def test_pages_cover_everything_once_even_among_equal_instants(database: Database) -> None:
    """Thirty events in one millisecond, seven a page."""
    with database.write() as session:
        made = {event(session, occurred_at=NOON).id for _ in range(30)}
    seen: list[str] = []
    before: Cursor | None = None
    while True:
        page = activity_page(database, "home", "home-account", ActivityFilter(), zone=ZONE, before=before, limit=7)
        seen += [row.event.id for row in page.rows]
        if page.older is None:
            break
        before = Cursor.parse(str(page.older))
    assert len(seen) == 30
    assert set(seen) == made
    assert seen == sorted(seen, reverse=True)


def test_the_accounts_of_others_are_not_among_them(database: Database) -> None:
    """Neither another account's events nor another organization's."""
    with database.write() as session:
        own = event(session).id
        event(session, organization="elsewhere")
        event(session, account_id="home-other")
        event(session, organization="elsewhere", account_id="home-account")
    assert _ids(database) == [own]


def test_every_row_comes_in_batches(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The export walks the whole list."""
    monkeypatch.setattr("server.checkins.activity._BATCH", 4)
    with database.write() as session:
        for number in range(10):
            event(session, occurred_at=NOON + timedelta(minutes=number))
    pages = list(all_activity(database, "home", "home-account", ActivityFilter(), zone=ZONE))
    assert [len(page.rows) for page in pages] == [4, 4, 2]


@pytest.mark.parametrize("is_later_page", [False, True])
def test_a_page_is_found_by_an_index_without_sorting(database: Database, is_later_page: bool) -> None:
    """The plan of SQLite: one search by the activity's index, no temporary sorting, whatever the table holds."""
    before = Cursor(NOON, "x") if is_later_page else None
    with heard(database.read_engine) as statements, database.read() as session:
        account_events(session, "home", "home-account", ActivityFilter(), span=(None, None), before=before, limit=50)
        statement, parameters = next(each for each in statements if "FROM event" in each[0])
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()  # type: ignore[arg-type]
        session.execute(text("select 1"))
    steps = " ".join(str(row[3]) for row in plan)
    assert "ix_event_account_activity" in steps
    assert "TEMP B-TREE" not in steps


def test_the_page_shows_words_flags_and_escapes_names(admin: Browser, database: Database) -> None:
    """Reasons in words, quiet flags with their why, the exact time on hover, and no tag of a name."""
    with database.write() as session:
        event(
            session,
            kind="denied",
            outcome="denied",
            reasons=["multipass_depleted", "balance_due"],
            pass_type="multipass",
            pass_name="Swim pass",
            remaining=-1,
            is_offline=True,
            flags=["late", "overdrawn", "something_new"],
            person_id="home-cmd",
            note="<b>note</b>",
            recorded_at=datetime(2026, 11, 22, 15, tzinfo=UTC),
        )
    page = admin.get("/admin/accounts/home-account/activity").text
    for said in (
        "Swim pass has no uses left",
        "The account has an unpaid balance",
        "Denied",
        "Offline",
        "Late",
        "Overdrawn",
        "something_new",
        "Saturday, November 21, 2026",
        "&lt;img src=x onerror=alert(1)&gt;",
        "&lt;b&gt;note&lt;/b&gt;",
    ):
        assert said in page, said
    assert EVIL not in page


def test_the_csv_is_utf8_with_a_mark_and_runs_no_formula(admin: Browser, database: Database) -> None:
    """What was filtered, in words, each cell harmless; the file is named for the account and the days."""
    with database.write() as session:
        event(session, person_id="home-cmd", note="=1+1", occurred_at=NOON)
        event(session, kind="denied", outcome="denied", reasons=["entry_blocked"], occurred_at=NOON)
    answer = admin.get("/admin/accounts/home-account/activity.csv?outcome=granted&from=2026-11-01&to=2026-11-30")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert (
        answer.headers["content-disposition"]
        == 'attachment; filename="account-activity-zoe-tremblay-2026-11-01-2026-11-30.csv"'
    )
    assert answer.content.startswith(b"\xef\xbb\xbf")
    header, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert len(rows) == 1
    row = dict(zip(header, rows[0], strict=True))
    assert row["Participant"] == f"'=cmd() {EVIL}"
    assert row["Note"] == "'=1+1"
    assert (row["Date"], row["Local time"]) == ("2026-11-20", "12:00:00")
    assert row["Happened at (UTC)"] == "2026-11-20T17:00:00Z"


def test_odd_filters_are_left_out_and_never_break_the_page(admin: Browser) -> None:
    """Whatever stands in the address."""
    for query in (
        "from=0001-01-01&to=9999-12-31",
        "from=yesterday&kind=<script>&outcome='&point=%00&person=../..",
        "before=99999999999999999999-x",
        "before=-1-x&before=%F0%9F%92%A9",
        "kind=&outcome=&person=&from=&to=",
    ):
        assert admin.get(f"/admin/accounts/home-account/activity?{query}").status_code == 200, query
