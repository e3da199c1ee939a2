"""Attendance in the back office: a list is the check-ins, and a mark on it is one, whoever made it and where."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from access.domain.registrations import ActivityKind
from server.db import Database
from server.models import AccessPoint, Activity, AllowedAdult, Event, Occurrence, Registration, utc_now
from tests.component.server_web import sample as some
from tests.component.server_web.browser import Browser

STARTS = datetime(2026, 6, 1, 16, tzinfo=UTC)
LIST = "/admin/attendance?day=2026-06-01"
TRACKED = {"is_on": True, "has_check_out": True, "has_child_pick_up": True, "has_daily_notes": True}


@pytest.fixture
def camp(database: Database) -> Database:
    """A day camp in June with Zoé and Émile, kept at the pool, and one elsewhere."""
    with database.write() as session:
        for organization in ("home", "elsewhere"):
            own = {"organization_id": organization}
            activity = Activity(id=f"{organization}-camp", kind=ActivityKind.SESSION, name_en="Day camp", **own)
            session.add(activity)
            session.flush()
            times = {"starts_at": STARTS, "ends_at": STARTS + timedelta(hours=2)}
            session.add(Occurrence(id=f"{organization}-day", activity_id=activity.id, **times))
            for name in ("zoe", "emile"):
                held = {"person_id": f"{organization}-{name}", "account_id": f"{organization}-account"}
                session.add(Registration(id=f"{organization}-place-{name}", activity_id=activity.id, **held, **own))
        session.get_one(AccessPoint, "home-pool").settings = {
            "access_rules": [{"type": "session"}],
            "attendance": TRACKED,
        }
        session.add(
            AllowedAdult(
                id="aunt",
                organization_id="home",
                account_id="home-account",
                child_id="home-zoe",
                name="Aunt Bo",
                relation_en="aunt",
            )
        )
    return database


def seen(page: str, person: str) -> str:
    """The event that the page showed as the person's last."""
    form = page[page.index(f"/admin/attendance/home-day/{person}") :]
    found = re.search(r'name="seen" value="([^"]*)"', form)
    assert found is not None
    return found[1]


def do(browser: Browser, what: str, person: str = "home-zoe", *, on: str = LIST, **more: str) -> int:
    """Marks somebody as the page as it is now offers it."""
    page = browser.get(on).text
    form = {"do": what, "seen": seen(page, person), "day": "2026-06-01", **more}
    return browser.post(f"/admin/attendance/home-day/{person}", **form).status_code


def row(browser: Browser, name: str, on: str = LIST) -> str:
    """What the list says of somebody."""
    page = browser.get(on).text
    start = page.index(f"<bdi>{name}</bdi>")
    return re.sub(r"<[^>]+>|\s+", " ", page[start : page.index("<form", start)])


@pytest.fixture
def desk(log_in: Callable[[str], Browser], camp: Database) -> Browser:
    """Front desk staff on the day of the camp: what they record happens now, so the camp is now."""
    with camp.write() as session:
        meeting = session.get_one(Occurrence, "home-day")
        meeting.starts_at, meeting.ends_at = utc_now() - timedelta(minutes=5), utc_now() + timedelta(hours=1)
    return log_in("desk")


def list_of(camp: Database) -> str:
    """The list of the day on which the camp begins, in Toronto: just after midnight that was yesterday."""
    with camp.read() as session:
        begins_at = session.get_one(Occurrence, "home-day").starts_at
    return f"/admin/attendance?day={begins_at.astimezone(ZoneInfo('America/Toronto')).date()}"


def test_a_person_comes_leaves_and_is_picked_up(desk: Browser, camp: Database) -> None:
    """Each mark is an event of the centre's own device with the staff member's name, and the list follows."""
    on = list_of(camp)
    assert "Expected" in row(desk, "Zoé Tremblay", on)
    assert do(desk, "in", on=on) == 303
    assert "Here" in row(desk, "Zoé Tremblay", on)
    assert "Alex Desk" in row(desk, "Zoé Tremblay", on)
    assert do(desk, "note", note="Slept well", on=on) == 303
    assert do(desk, "pick_up", adult="aunt", on=on) == 303
    said = row(desk, "Zoé Tremblay", on)
    assert "Left" in said
    assert "with Aunt Bo (aunt)" in said
    assert "Slept well" in said
    assert do(desk, "undo", on=on) == 303
    assert "Here" in row(desk, "Zoé Tremblay", on)
    assert do(desk, "absent", "home-emile", on=on) == 303
    assert "Absent" in row(desk, "Émile Tremblay", on)
    with camp.read() as session:
        events = session.scalars(select(Event).order_by(Event.seq)).all()
    assert [each.kind for each in events] == [
        "checked_in",
        "attendance_marked",
        "picked_up",
        "undone",
        "attendance_marked",
    ]
    assert [each.seq for each in events] == [1, 2, 3, 4, 5]
    assert {each.flags == [] and each.access_point_id == "home-pool" for each in events} == {True}


def test_what_a_door_recorded_is_on_the_list(admin: Browser, camp: Database) -> None:
    """One truth: an entry by the registration at a door is attendance, leaving by any door too."""
    with camp.write() as session:
        entry = some.event(session, occurred_at=STARTS, pass_type="session")
        entry.body = '{"entitlement": {"occurrence_id": "home-day"}}'
        some.event(session, occurred_at=STARTS, person_id="home-emile")
        some.event(session, occurred_at=STARTS + timedelta(hours=1), kind="checked_out", access_point_id="home-gym")
    said = row(admin, "Zoé Tremblay")
    assert "came 12:00" in said
    assert "left 13:00" in said
    assert "Expected" in row(admin, "Émile Tremblay")


def test_two_who_mark_at_once_are_told(desk: Browser, camp: Database) -> None:
    """The second one's page is old: nothing is recorded twice."""
    on = list_of(camp)
    old = seen(desk.get(on).text, "home-zoe")
    for _ in range(2):
        assert desk.post("/admin/attendance/home-day/home-zoe", do="in", seen=old).status_code == 303
    with camp.read() as session:
        assert len(session.scalars(select(Event)).all()) == 1


def test_only_what_the_access_point_keeps_is_recorded(desk: Browser, camp: Database) -> None:
    """Without check-out nobody is checked out; without any access point nobody is marked; nor are others' people."""
    with camp.write() as session:
        session.get_one(AccessPoint, "home-pool").settings = {
            "access_rules": [{"type": "session"}],
            "attendance": {"is_on": True},
        }
    for what in ("pick_up", "note", "out"):
        assert desk.post("/admin/attendance/home-day/home-zoe", do=what, seen="").status_code == 303
    assert desk.post("/admin/attendance/home-day/home-zoe", do="dance", seen="").status_code == 404
    assert desk.post("/admin/attendance/home-day/home-cmd", do="in", seen="").status_code == 404
    assert desk.post("/admin/attendance/elsewhere-day/elsewhere-zoe", do="in", seen="").status_code == 404
    with camp.write() as session:
        session.get_one(AccessPoint, "home-pool").settings = {}
    assert desk.post("/admin/attendance/home-day/home-zoe", do="in", seen="").status_code == 404
    with camp.read() as session:
        assert session.scalars(select(Event)).all() == []


def test_only_who_may_see_lists_does(log_in: Callable[[str], Browser], camp: Database) -> None:
    """A viewer has no lists; another organization sees its own only."""
    assert log_in("viewer").get(LIST).status_code == 403
    assert log_in("viewer").post("/admin/attendance/home-day/home-zoe", do="in").status_code == 403
    assert "home-day" not in log_in("other").get(LIST).text
