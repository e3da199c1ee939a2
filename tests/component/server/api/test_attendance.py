"""Attendance through the API: the lists of the office, and marks that are events of the centre's desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from access.domain.instants import local_day
from server.attendance.service import sheet_of
from server.models import Device, Event, Occurrence, WebhookDelivery
from tests.component.server.api.conftest import Program

Make = Callable[..., Program]
LIST = "/attendance/home-meeting"
ZOE = f"{LIST}/home-zoe"


def person(sheet: dict[str, Any], id_: str) -> dict[str, Any]:
    """Somebody on a list."""
    found: dict[str, Any] = next(each for each in sheet["people"] if each["person_id"] == id_)
    return found


def test_a_list_is_read_by_day_and_by_itself(program: Make) -> None:
    """Counts on the day's page, people on the list; another organization's are not there."""
    asking = program()
    sheet = asking("GET", LIST)
    day = local_day(datetime.fromisoformat(sheet.json()["starts_at"]), ZoneInfo("America/Toronto"))
    of_day = asking("GET", f"/attendance?day={day}&activity_id=home-camp").json()
    assert [each["id"] for each in of_day["items"]] == ["home-meeting"]
    assert "people" not in of_day["items"][0]
    assert asking("GET", f"/attendance?day={day}&activity_id=home-lane").json()["items"] == []
    assert sheet.json()["counts"] == {"expected": 2, "in": 0, "out": 0, "absent": 0}
    assert [each["first_name"] for each in sheet.json()["people"]] == ["Zoé", "Émile"]
    assert person(sheet.json(), "home-zoe")["may_be_picked_up_by"][0]["name"] == "Aunt Bo"
    assert asking("GET", LIST, headers={"If-None-Match": sheet.headers["etag"]}).status_code == 304
    assert asking("GET", "/attendance?day=2020-01-01").json() == {"items": [], "next": None}
    assert asking("GET", "/attendance/elsewhere-meeting").status_code == 404


def test_a_mark_is_an_event_of_the_centre(program: Make, app: FastAPI) -> None:
    """In, out, undone: each an event of one device, gapless, told under the token; the office reads the same."""
    asking = program()
    came = asking("POST", ZOE, json={"do": "in", "event_id": None})
    assert came.status_code == 200, came.text
    assert (came.json()["state"], came.json()["left_at"]) == ("in", None)
    left = asking("POST", ZOE, json={"do": "out", "event_id": came.json()["event_id"]}).json()
    assert (left["state"], left["came_at"]) == ("out", came.json()["came_at"])
    undone = asking("POST", ZOE, json={"do": "undo", "event_id": left["event_id"]}).json()
    assert (undone["state"], undone["event_id"]) == ("in", came.json()["event_id"])
    with app.state.database.read() as session:
        events = session.scalars(select(Event).order_by(Event.seq)).all()
        assert [each.kind for each in events] == ["checked_in", "checked_out", "undone"]
        assert [each.seq for each in events] == [1, 2, 3]
        assert {each.staff_id for each in events} == {came.json()["marked_by"]}
        assert session.get_one(Device, events[0].device_id).is_centre
    office = sheet_of(app.state.database, "home", "home-meeting")
    zoe = next(each for each in office.people if each.person.id == "home-zoe")
    assert (zoe.standing.state, zoe.by) == ("in", "test")
    assert [each["id"] for each in asking("GET", "/check-ins?kind=checked_in").json()["items"]] == [events[0].id]


def test_absent_and_picked_up(program: Make) -> None:
    """A child goes with one of those who may; somebody absent came after all."""
    asking = program()
    came = asking("POST", ZOE, json={"do": "in", "event_id": None}).json()
    wrong = asking("POST", ZOE, json={"do": "pick_up", "event_id": came["event_id"], "adult_id": "elsewhere-aunt"})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "not_possible")
    gone = asking("POST", ZOE, json={"do": "pick_up", "event_id": came["event_id"], "adult_id": "home-aunt"}).json()
    assert (gone["state"], gone["picked_up_by"]) == ("out", "Aunt Bo (aunt)")
    absent = asking("POST", f"{LIST}/home-emile", json={"do": "absent", "event_id": None}).json()
    assert absent["state"] == "absent"
    late = asking("POST", f"{LIST}/home-emile", json={"do": "in", "event_id": absent["event_id"]}).json()
    assert late["state"] == "in"
    noted = asking("POST", f"{LIST}/home-emile", json={"do": "note", "event_id": late["event_id"], "note": "Cap"})
    assert (noted.json()["state"], noted.json()["note"]) == ("in", "Cap")


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (ZOE, {"do": "out", "event_id": None}, 409),
        (ZOE, {"do": "in", "event_id": "seen-before"}, 409),
        (ZOE, {"do": "undo", "event_id": None}, 409),
        (ZOE, {"do": "in"}, 422),
        (ZOE, {"do": "nonsense", "event_id": None}, 422),
        (ZOE, {"do": "note", "event_id": None, "note": "x" * 201}, 422),
        (f"{LIST}/home-cmd", {"do": "in", "event_id": None}, 404),
        (f"{LIST}/elsewhere-zoe", {"do": "in", "event_id": None}, 404),
        ("/attendance/elsewhere-meeting/elsewhere-zoe", {"do": "in", "event_id": None}, 404),
    ],
)
def test_what_the_list_does_not_say_is_not_recorded(
    program: Make, app: FastAPI, path: str, body: dict[str, Any], expected: int
) -> None:
    """Not another's mark overwritten, nobody who is not on it, no list of others."""
    assert program()("POST", path, json=body).status_code == expected
    with app.state.database.read() as session:
        assert session.scalars(select(Event)).all() == []
        assert session.scalars(select(WebhookDelivery)).all() == []


def test_the_lists_of_a_day_are_paged_by_when_they_begin(program: Make, app: FastAPI) -> None:
    """Each once, in order."""
    with app.state.database.write() as session:
        meeting = session.get_one(Occurrence, "home-meeting")
        noon = meeting.starts_at.replace(hour=16, minute=0, second=0)
        meeting.starts_at, meeting.ends_at = noon, noon + timedelta(hours=1)
        for number in range(4):
            begins = noon + timedelta(minutes=number // 2)
            times = {"starts_at": begins, "ends_at": begins + timedelta(hours=1)}
            session.add(Occurrence(id=f"m{number}", activity_id="home-camp", **times))
    asking, seen, after = program(), [], ""
    day = noon.date().isoformat()
    while True:
        page = asking("GET", f"/attendance?day={day}&limit=2{after}").json()
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == ["home-meeting", "m0", "m1", "m2", "m3"]
