"""The Access points report through HTTP: what it shows, what it exports, what it remembers, and whose it is."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from access.domain.people import Language
from server.db import Database
from server.models import AccessPoint, MovementCount, Staff
from tests.component.server_web import sample as some
from tests.component.server_web.browser import Browser

JUNE = "period=custom&from=2026-06-01&to=2026-06-02"
NOON = datetime(2026, 6, 1, 16, tzinfo=UTC)


@pytest.fixture
def june(database: Database) -> Database:
    """Two days in June: five entries, one of them undone, an exit, two refusals; and one entry elsewhere."""
    with database.write() as session:
        for minutes in (0, 10, 70, 24 * 60):
            entry = some.event(session, occurred_at=NOON + timedelta(minutes=minutes), pass_type="membership")
        mistaken = some.event(session, occurred_at=NOON, access_point_id="home-gym", person_id="home-cmd")
        some.event(session, occurred_at=NOON, kind="undone", refers_to=mistaken.id)
        some.event(session, occurred_at=NOON + timedelta(minutes=80), kind="checked_out")
        for reason in ("balance_due", "entry_blocked"):
            at = NOON + timedelta(minutes=5)
            some.event(session, occurred_at=at, kind="denied", outcome="denied", reasons=[reason])
        some.event(session, "elsewhere", occurred_at=NOON, pass_name="Foreign pass")
        assert entry.id
    return database


def total(page: str) -> str:
    """The number above the charts."""
    found = re.search(r'report-total"><strong class="tabular">(\d+)</strong>', page)
    assert found is not None
    return found[1]


def test_entries_are_shown_counted_and_drawn(admin: Browser, june: Database) -> None:
    """Undone ones are listed as corrected and not counted; each bar says what it stands for."""
    page = admin.get(f"/admin/report?{JUNE}").text
    assert total(page) == "4"
    assert "<title>12:00: 3</title>" in page
    assert "<title>Pool: 4</title>" in page
    assert "Foreign pass" not in page
    assert page.count("corrected</span>") == 1
    assert "<script>" not in page[page.index("<svg") : page.rindex("</svg>")]
    grouped = admin.get(f"/admin/report?{JUNE}&group=access_point&what=refused").text
    assert total(grouped) == "2"
    assert "100 %" in grouped


def test_everything_is_in_the_files(admin: Browser, june: Database) -> None:
    """The columns that were chosen, all rows, oldest first when asked; no cell runs."""
    asked = f"{JUNE}&what=entries&column=participant&column=access_point&column=time&order=oldest"
    text = admin.get(f"/admin/report.csv?{asked}")
    assert 'filename="entries-2026-06-01-2026-06-02.csv"' in text.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))
    assert rows[0] == ["Time", "Participant", "Access point", "Row", "Number"]
    assert sorted(row[0] for row in rows[1:]) == [row[0] for row in rows[1:]]
    assert ["2026-06-01 12:00:00", "Zoé Tremblay", "Pool", "event", "1"] in rows
    assert [row[3:] for row in rows if row[2] == "Gym"] == [["undone, not counted", "0"]]
    assert str(sum(int(row[4]) for row in rows[1:])) == total(admin.get(f"/admin/report?{asked}").text)
    assert any(row[1].startswith("'=cmd()") for row in rows)
    with zipfile.ZipFile(io.BytesIO(admin.get(f"/admin/report.xlsx?{asked}").content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == len(rows) == 6
    # Noon of the first of June, as a spreadsheet counts days.
    assert "<v>46174.5</v>" in sheet


def test_days_to_come_show_nothing_and_say_so(admin: Browser, database: Database) -> None:
    """No chart without bars, and not who is inside today."""
    with database.write() as session:
        some.event(session, occurred_at=datetime.now(UTC))
    page = admin.get("/admin/report?period=custom&from=2998-01-01&to=2998-01-05").text
    assert total(page) == "0"
    assert "<svg" not in page
    assert 'class="heat"' not in page
    assert "Nothing in these days" in page


def test_long_ranges_are_drawn_by_month_or_year(admin: Browser, june: Database) -> None:
    """Days are too many to be told apart; all of the calendar takes no longer. A long name leaves its bar room."""
    with june.write() as session:
        session.get_one(AccessPoint, "home-pool").name_en = f"Pool {'by the arena ' * 12}"
        some.event(session, occurred_at=datetime(2024, 11, 5, 17, tzinfo=UTC))
    page = admin.get("/admin/report?period=custom&from=2017-01-01&to=2026-12-31").text
    assert "By month" in page
    assert "<title>Jun 2026: 4</title>" in page
    assert "<title>Nov 2024: 1</title>" in page
    assert "<title>Dec 2024: 0</title>" in page
    assert "Oct 2024" not in page
    assert f"<title>Pool {'by the arena ' * 12}".rstrip() not in page
    page = admin.get("/admin/report?period=custom&from=1900-01-01&to=2999-12-31").text
    assert total(page) == "5"
    assert "<title>Jun 2026: 4</title>" in page
    with june.write() as session:
        some.event(session, occurred_at=datetime(1970, 1, 2, 17, tzinfo=UTC))
    page = admin.get("/admin/report?period=custom&from=1900-01-01&to=2999-12-31").text
    assert "<title>2026: 4</title>" in page
    assert "<title>1970: 1</title>" in page
    assert "<title>1971: 0</title>" in page


def test_what_retention_left_is_a_row_of_the_files(admin: Browser, june: Database) -> None:
    """Named as what it is, in the reader's language, at its hour; with it the file adds up to the page's total."""
    with june.write() as session:
        for hour, count in ((9, 12), (23, 3)):
            where = {"organization_id": "home", "access_point_id": "home-pool", "day": NOON.date(), "hour": hour}
            session.add(MovementCount(kind="checked_in", pass_type="membership", count=count, **where))
        session.query(Staff).filter_by(email="admin@example.org").one().language = Language.FR
    asked = f"{JUNE}&column=time&column=kind&column=access_point&column=pass_type&column=participant&order=oldest"
    text = admin.get(f"/admin/report.csv?{asked}").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][-2:] == ["Ligne", "Nombre"]
    assert rows[1] == ["2026-06-01 09:00:00", "", "Entrée", "Piscine", "Adhésion", "nombre seulement", "12"]
    assert total(admin.get(f"/admin/report?{asked}").text) == str(sum(int(row[-1]) for row in rows[1:])) == "19"
    with zipfile.ZipFile(io.BytesIO(admin.get(f"/admin/report.xlsx?{asked}").content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("<row ") == len(rows)
    assert "<v>12</v>" in sheet
    with june.write() as session:
        session.query(MovementCount).update({"day": date(2024, 6, 1)})
    only = admin.get("/admin/report?period=custom&from=2024-06-01&to=2024-06-01").text
    assert total(only) == "15"
    assert "La conservation n’en a laissé aucune à énumérer" in only


def test_the_columns_stay_for_the_next_time(admin: Browser, june: Database) -> None:
    """In the browser, for the report only; nonsense is no column."""
    chosen = admin.get(f"/admin/report?{JUNE}&column=city&column=nonsense")
    assert "path=/admin/report" in chosen.headers["set-cookie"].lower()
    again = admin.get(f"/admin/report?{JUNE}").text
    assert 'value="city" checked' in again
    assert 'value="participant" checked' not in again


def test_pages_go_on_and_nonsense_is_left_out(admin: Browser, june: Database) -> None:
    """Links as anybody might bend them."""
    with june.write() as session:
        for minute in range(60):
            some.event(session, occurred_at=NOON + timedelta(minutes=minute, seconds=1))
    page = admin.get(f"/admin/report?{JUNE}").text
    following = re.search(r'rel="next" href="\?([^"#]+)', page)
    assert following is not None
    rest = admin.get(f"/admin/report?{following[1].replace('&amp;', '&')}").text
    shown = re.findall(r"/admin/events/([0-9a-f-]+)", page), re.findall(r"/admin/events/([0-9a-f-]+)", rest)
    assert (len(shown[0]), len(shown[1])) == (50, 15)
    assert not set(shown[0]) & set(shown[1])
    bent = "period=what&from=x&to=9999-99-99&point=%00&pass=x&offline=x&group=x&after=x&day=x&order=x&column=x"
    assert admin.get(f"/admin/report?{bent}").status_code == 200


@pytest.mark.parametrize("path", ["/admin/report", "/admin/report.csv", "/admin/report.xlsx"])
def test_only_who_may_see_reports_does(log_in: Callable[[str], Browser], anonymous: Browser, path: str) -> None:
    """The desk and viewers may not; without a login nobody."""
    assert log_in("desk").get(path).status_code == 403
    assert log_in("viewer").get(path).status_code == 403
    assert anonymous.get(path).status_code in (303, 401)
