"""The pages of activities: what forms save and refuse, who may, and what another organization sees: nothing."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import select

from access.domain.policy import AccessType
from access.domain.registrations import ActivityKind, RegistrationStatus
from server.access_points.choices import choices_of
from server.activities import repository
from server.activities.rows import add_activity, add_occurrence, add_registration
from server.db import Database
from server.models import (
    AccessPoint,
    Activity,
    Facility,
    FeedEntry,
    Occurrence,
    Organization,
    Person,
    Registration,
    utc_now,
)
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import EVIL

LIST = "/admin/activities"
SWIM = f"{LIST}/swim"
ADD = "/admin/accounts/home-account/registrations/add?activity=swim"
ZONE = ZoneInfo("America/Toronto")


@pytest.fixture
def swim(database: Database) -> str:
    """A session with one place that takes place next week and the week after."""
    with database.write() as session:
        session.get_one(Organization, "home").time_zone = "America/Toronto"
        session.add(Facility(id="basin", organization_id="home", site_id="home-site", name_en="Basin"))
        add_activity(session, "home", id="swim", kind=ActivityKind.SESSION, name_en="Swim level 1", capacity=1)
        session.flush()
        for number in (1, 2):
            at = utc_now() + timedelta(weeks=number)
            add_occurrence(session, "swim", at, at + timedelta(hours=1), id=f"week-{number}")
    return "swim"


def _send(browser: Browser, path: str, **fields: object) -> httpx.Response:
    """Opens a form and sends it back with these values."""
    page = browser.get(path).text
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    return browser.post(path, seen=seen[1] if seen else "", **fields)


def _said(answer: httpx.Response) -> str:
    return html.unescape(answer.text)


def _statuses(database: Database) -> dict[str, str]:
    with database.read() as session:
        rows = session.scalars(select(Registration).order_by(Registration.registered_at))
        return {each.person_id: each.status.value for each in rows}


def test_an_activity_is_made_changed_and_archived(admin: Browser, database: Database, swim: str) -> None:
    """What is wrong is said beside its field; the list shows what is there."""
    made = _send(admin, f"{LIST}/new", name_en=EVIL, name_fr="Patinage", kind="drop_in", code="SK1", capacity="20")
    assert made.status_code == 303
    path = httpx.URL(made.headers["location"]).path
    page = admin.get(path).text
    assert EVIL not in page
    assert html.escape(EVIL) in page
    assert "Nothing is to come" in page
    for field, value, problem in (
        ("name_en", "", "This is needed"),
        ("capacity", "0", "whole number"),
        ("capacity", "many", "whole number"),
        ("code", "S K", "no spaces"),
        ("kind", "war", "This is not there"),
        ("facility", "elsewhere-basin", "This is not there"),
    ):
        refused = _send(admin, f"{SWIM}/edit", **{"name_en": "Swim", "kind": "session", field: value})
        assert refused.status_code == 422
        assert problem in _said(refused)
    taken = _send(admin, f"{SWIM}/edit", name_en="Swim", kind="session", code="SK1")
    assert "Another activity has this code" in _said(taken)
    changed = _send(admin, f"{SWIM}/edit", name_en="Swim A", kind="session", code="A1", facility="basin", capacity="")
    assert changed.status_code == 303
    with database.read() as session:
        swim_a = session.get_one(Activity, "swim")
        assert (swim_a.name_en, swim_a.code, swim_a.facility_id, swim_a.capacity) == ("Swim A", "A1", "basin", None)
    admin.post(f"{SWIM}/edit/archive")
    assert "Something of it is still to come" in _said(admin.get(SWIM))
    admin.post(f"{path}/edit/archive")
    assert "Patinage" not in admin.get(LIST).text
    assert "SK1" in admin.get(f"{LIST}?archived=only&q=patinage").text
    admin.post(f"{path}/edit/put-back")
    assert "SK1" in admin.get(LIST).text


def test_a_form_that_somebody_else_overtook_is_not_saved(admin: Browser, database: Database, swim: str) -> None:
    """Both are shown."""
    seen = re.search(r'name="seen" value="([^"]*)"', admin.get(f"{SWIM}/edit").text)
    assert seen is not None
    with database.write() as session:
        session.get_one(Activity, "swim").name_en = "Theirs"
    answer = admin.post(f"{SWIM}/edit", seen=seen[1], name_en="Mine", kind="session")
    assert answer.status_code == 409
    assert "Theirs" in answer.text


def test_occurrences_by_a_rule_and_one_by_one(admin: Browser, database: Database, swim: str) -> None:
    """In the organization's time zone; what is there is not made twice; one is moved, cancelled and put back."""
    rule = {
        "weekdays": ["2", "4"],
        "first_on": "2032-10-26",
        "last_on": "2032-11-09",
        "starts": "17:30",
        "ends": "18:15",
        "except_on": "2032-10-28, 2032-12-25",
    }
    for field, value, problem in (
        ("weekdays", [], "Choose"),
        ("last_on", "2032-10-01", "before"),
        ("ends", "17:30", "end after its start"),
        ("ends", "25:00", "08:30"),
        ("except_on", "tomorrow", "“tomorrow” is no date"),
        ("first_on", "2032-11-09", None),
    ):
        answer = _send(admin, f"{SWIM}/occurrences/rule", **{**rule, field: value})
        assert answer.status_code == (422 if problem else 303), field
        assert (problem or "") in _said(answer)
    assert _send(admin, f"{SWIM}/occurrences/rule", **rule).status_code == 303
    assert "3 occurrences were added. 1 was there already." in _said(admin.get(SWIM))
    with database.read() as session:
        made = [each.starts_at for each in repository.coming(session, "swim", utc_now())][2:]
    assert [at.astimezone(ZONE).strftime("%d %H:%M") for at in made] == ["26 17:30", "02 17:30", "04 17:30", "09 17:30"]
    assert [at.hour for at in made] == [21, 21, 21, 22]
    one = {"day": "2032-12-24", "starts": "22:00", "ends": "00:00"}
    assert _send(admin, f"{SWIM}/occurrences/new", **one).status_code == 303
    assert "takes place then already" in _said(_send(admin, f"{SWIM}/occurrences/new", **one))
    path = f"{SWIM}/occurrences/week-1"
    moved = {"day": "2032-05-03", "starts": "09:00", "ends": "08:00", "ends_on": "2032-05-04"}
    assert _send(admin, path, **moved).status_code == 303
    page = admin.get(path).text
    assert all(f'value="{value}"' in page for value in moved.values())
    admin.post(f"{path}/cancel")
    assert "It takes place after all" in _said(admin.get(SWIM))
    admin.post(f"{path}/put-back")
    with database.read() as session:
        found = session.get_one(Occurrence, "week-1")
    assert (found.is_cancelled, found.starts_at.isoformat()) == (False, "2032-05-03T13:00:00+00:00")


def test_several_occurrences_are_cancelled_at_once(admin: Browser, database: Database, swim: str) -> None:
    """With one confirmation, and the doors hear of each; without a tick nothing happens, nor for another's."""
    page = admin.get(SWIM).text
    assert all(f'form="cancel-many" name="occurrence" value="week-{number}"' in page for number in (1, 2))
    admin.post(f"{SWIM}/occurrences/cancel")
    assert "Nothing is ticked" in _said(admin.get(SWIM))
    assert admin.post(f"{SWIM}/occurrences/cancel", occurrence=["week-1", "week-9"]).status_code == 404
    with database.read() as session:
        assert not session.get_one(Occurrence, "week-1").is_cancelled
    admin.post(f"{SWIM}/occurrences/cancel", occurrence=["week-1", "week-2"])
    assert "2 occurrences are cancelled." in _said(page := admin.get(SWIM))
    assert 'form="cancel-many"' not in page.text
    with database.read() as session:
        told = session.scalars(select(FeedEntry).where(FeedEntry.kind == "activity").order_by(FeedEntry.seq)).all()
    assert [each["is_cancelled"] for each in json.loads(told[-1].body or "")["occurrences"]] == [True, True]


def test_nothing_takes_place_again_in_the_archive(admin: Browser, database: Database, swim: str) -> None:
    """The form says why, and so does the page."""
    for number in (1, 2):
        admin.post(f"{SWIM}/occurrences/week-{number}/cancel")
    admin.post(f"{SWIM}/edit/archive")
    one = {"day": "2032-12-24", "starts": "20:00", "ends": "21:00"}
    rule = {"weekdays": ["5"], "first_on": "2032-12-24", "last_on": "2032-12-31", "starts": "20:00", "ends": "21:00"}
    for path, sent in (("new", one), ("rule", rule), ("week-1", one)):
        refused = _send(admin, f"{SWIM}/occurrences/{path}", **sent)
        assert refused.status_code == 422, path
        assert "Take it out of the archive first" in _said(refused)
    assert "put-back" not in admin.get(SWIM).text.replace("edit/put-back", "")
    admin.post(f"{SWIM}/occurrences/week-1/put-back")
    assert "Take it out of the archive first" in _said(admin.get(SWIM))
    with database.read() as session:
        assert session.scalars(select(Occurrence.is_cancelled)).all() == [True, True]


def test_who_is_archived_is_no_longer_in_line(admin: Browser, database: Database, swim: str) -> None:
    """They are below, with why; nobody is behind them, and they are on no list of attendance to come."""
    with database.write() as session:
        for number, name in enumerate(("home-zoe", "home-emile", "home-cmd")):
            status = RegistrationStatus.WAITING if number else RegistrationStatus.REGISTERED
            at = utc_now() + timedelta(minutes=number)
            add_registration(session, session.get_one(Person, name), "swim", registered_at=at, status=status)
    with database.write() as session:
        for name in ("home-zoe", "home-emile"):
            session.get_one(Person, name).archived_at = utc_now()
        day = session.get_one(Occurrence, "week-1").starts_at.astimezone(ZONE).date()
    page = _said(admin.get(f"{SWIM}/people"))
    placed, waiting, gone = re.split(r'id="waitlist"|<details class="card">', page)
    assert "Nobody is registered" in placed
    assert "Zoé Tremblay" not in placed + waiting
    assert "Give the place" in waiting
    assert "Before those who are ahead" not in waiting
    assert gone.count(">Archived<") == 2
    assert "Zoé" not in _said(admin.get(f"/admin/attendance?day={day}"))
    assert "Zoé" in _said(admin.get(f"{SWIM}/people"))


def test_a_form_that_changes_nothing_keeps_the_seconds(admin: Browser, database: Database, swim: str) -> None:
    """What is typed has none."""
    with database.write() as session:
        before = session.get_one(Occurrence, "week-1").starts_at = utc_now().replace(second=31) + timedelta(days=3)
        session.get_one(Occurrence, "week-1").ends_at = before + timedelta(minutes=45)
    page = admin.get(f"{SWIM}/occurrences/week-1").text
    typed = {
        name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("day", "starts", "ends", "ends_on")
    }  # type: ignore[index]
    assert _send(admin, f"{SWIM}/occurrences/week-1", **typed).status_code == 303
    with database.read() as session:
        assert session.get_one(Occurrence, "week-1").starts_at == before


def test_registering_from_the_account(admin: Browser, database: Database, swim: str) -> None:
    """Who finds no place is on the waitlist, and both are said; twice is refused by name."""
    assert "Swim level 1" in admin.get("/admin/accounts/home-account/registrations/choose?q=swim").text
    assert "Nothing to register for" in admin.get("/admin/accounts/home-account/registrations/choose?q=judo").text
    refused = _send(admin, ADD, people=["home-zoe", "home-emile"], scope="all")
    assert refused.status_code == 422
    assert "There is no free place" in _said(refused)
    assert "<title>" in refused.text
    wanted = {"scope": "all", "may_wait": "on"}
    assert _send(admin, ADD, people=["home-zoe", "home-emile"], **wanted).status_code == 303
    page = _said(admin.get("/admin/accounts/home-account"))
    assert "Émile Tremblay is on the waitlist, 0 people ahead." in page or "Registered: Émile Tremblay." in page
    assert sorted(_statuses(database).values()) == ["registered", "waiting"]
    twice = _send(admin, ADD, people=["home-zoe"], **wanted)
    assert twice.status_code == 422
    assert "Zoé Tremblay is already" in _said(twice)
    for given, problem in (
        ({"scope": "some"}, "Tick at least one occurrence"),
        ({"scope": "all", "occurrences": ["week-1"]}, "You ticked occurrences"),
        ({"scope": "some", "occurrences": ["week-9"]}, "This is not there"),
    ):
        assert problem in _said(_send(admin, ADD, people=["home-cmd"], **given))
    assert _send(
        admin, f"{ADD}&from=activity", people=["home-cmd"], scope="some", occurrences=["week-2"], may_wait="on"
    )
    assert _statuses(database)["home-cmd"] == "waiting"
    assert admin.get("/admin/accounts/home-account/registrations/add").status_code == 303


def test_registering_from_the_activity(admin: Browser, database: Database, swim: str) -> None:
    """Somebody is found, and the account's form opens for them; places go by hand, in turn or out of it."""
    found = _said(admin.get(f"{SWIM}/registrations?q=zoe"))
    assert "registrations/add?activity=swim&person=home-zoe&from=activity" in found
    assert 'value="home-zoe" checked' in admin.get(f"{ADD}&person=home-zoe").text
    sent = _send(admin, f"{ADD}&from=activity", people=["home-zoe"], scope="all")
    assert sent.headers["location"] == f"{SWIM}/people"
    with database.write() as session:
        for number, name in enumerate(("home-emile", "home-cmd")):
            person = session.get_one(Person, name)
            at = utc_now() + timedelta(minutes=number)
            add_registration(session, person, "swim", id=name, registered_at=at, status=RegistrationStatus.WAITING)
        held = session.scalars(select(Registration.id).where(Registration.person_id == "home-zoe")).one()
    assert "No free place" in admin.get(f"{SWIM}/people").text
    admin.post(f"{SWIM}/registrations/home-emile/give")
    assert "No place is free yet" in _said(admin.get(f"{SWIM}/people"))
    admin.post(f"{SWIM}/registrations/{held}/cancel")
    assert "The registration of Zoé Tremblay is cancelled." in _said(admin.get(f"{SWIM}/people"))
    assert "Before those who are ahead" in admin.get(f"{SWIM}/people").text
    admin.post(f"{SWIM}/registrations/home-emile/give")
    assert "Émile Tremblay has the place." in _said(admin.get(f"{SWIM}/people"))
    back = admin.post(f"{SWIM}/registrations/home-cmd/cancel", back="account")
    assert back.headers["location"] == "/admin/accounts/home-account"
    admin.post(f"{SWIM}/registrations/home-cmd/give")
    assert "Somebody else changed this registration" in _said(admin.get(f"{SWIM}/people"))
    assert _statuses(database) == {"home-zoe": "cancelled", "home-emile": "registered", "home-cmd": "cancelled"}


def test_a_booking_asks_for_its_invoice(admin: Browser, database: Database, swim: str) -> None:
    """Only a booking does."""
    assert "Has an invoice" not in admin.get(ADD).text
    with database.write() as session:
        session.get_one(Activity, "swim").kind = ActivityKind.FACILITY_BOOKING
    assert "Has an invoice" in admin.get(ADD).text
    assert _send(admin, ADD, people=["home-zoe"], scope="all").status_code == 303
    assert "No invoice" in admin.get(f"{SWIM}/people").text
    with database.read() as session:
        assert not session.scalars(select(Registration)).one().has_invoice


def test_which_doors_open_for_it(admin: Browser, database: Database, swim: str) -> None:
    """By the rules of the access points; without one the page says so."""
    assert "No access point lets anybody in for it" in admin.get(SWIM).text
    with database.write() as session:
        rules = {"access_rules": [{"type": "session", "chosen": ["swim"]}]}
        session.get_one(AccessPoint, "home-pool").settings = rules
    assert "No access point lets anybody in for it" not in admin.get(SWIM).text
    assert "access-point/edit?pk=home-pool" in admin.get(SWIM).text


def test_an_archived_activity_is_no_choice_any_more(database: Database, swim: str) -> None:
    """For the rules of a door; one that is named there already stays."""
    with database.write() as session:
        session.get_one(Activity, "swim").archived_at = utc_now()
        add_activity(session, "home", id="new", kind=ActivityKind.SESSION, name_en="Not yet scheduled")
    with database.read() as session:
        found = choices_of(session, "home", now=utc_now()).things[AccessType.SESSION]
    assert {each.id: each.is_gone for each in found} == {"swim": True, "new": False}


def test_who_may(log_in: Callable[[str], Browser], database: Database, swim: str) -> None:
    """A viewer looks, the desk registers, only the permission makes activities. Another organization sees nothing."""
    viewer, desk, stranger = log_in("viewer"), log_in("desk"), log_in("other")
    for browser in (viewer, desk):
        assert "New activity" not in browser.get(LIST).text
        assert browser.get(f"{LIST}/new").status_code == 403
        assert browser.get(f"{SWIM}/occurrences/rule").status_code == 403
        assert browser.post(f"{SWIM}/occurrences/week-1/cancel").status_code == 403
        assert "Cancel:" not in browser.get(SWIM).text
    assert "Register somebody" not in viewer.get(f"{SWIM}/people").text
    assert viewer.get(f"{SWIM}/registrations").status_code == 403
    assert viewer.get(ADD).status_code == 403
    assert "Register somebody" in desk.get(f"{SWIM}/people").text
    assert _send(desk, ADD, people=["home-zoe"], scope="all").status_code == 303
    with database.read() as session:
        held = session.scalars(select(Registration.id)).one()
    assert "Swim level 1" not in stranger.get(LIST).text
    for path in (SWIM, f"{SWIM}/people", f"{SWIM}/edit", f"{SWIM}/occurrences", f"{SWIM}/occurrences/week-1"):
        assert stranger.get(path).status_code == 404, path
    elsewhere = "/admin/accounts/elsewhere-account/registrations/add?activity=swim"
    assert stranger.get(elsewhere).status_code == 404
    for path in (
        elsewhere,
        f"{SWIM}/edit",
        f"{SWIM}/edit/archive",
        f"{SWIM}/occurrences/new",
        f"{SWIM}/occurrences/week-1/cancel",
        f"{SWIM}/registrations/{held}/cancel",
        f"{SWIM}/registrations/{held}/give",
    ):
        assert stranger.post(path, people="elsewhere-zoe", scope="all").status_code == 404, path
    assert _statuses(database) == {"home-zoe": "registered"}
