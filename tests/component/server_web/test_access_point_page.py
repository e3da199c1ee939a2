"""An access point's page: every setting saved by it reaches the doors, nothing typed is lost, nobody is overwritten."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from access.domain.policy import AccessPoint as Policy
from access.domain.policy import Mode
from access.domain.registrations import ActivityKind
from server.access_points.values import PROBLEMS, Values
from server.db import Commit, Database
from server.models import AccessPoint, Activity, Facility, MembershipType, Occurrence, utc_now
from tests.component.server_web.browser import Browser
from tests.unit.server.access_points import page_values, points

EDIT = "/admin/access-point/edit?pk=home-pool"
_INPUT = re.compile(r"<input\b[^>]*>")
_SELECT = re.compile(r"<select\b[^>]*name=\"([^\"]+)\"[^>]*>(.*?)</select>", re.S)
_ATTRIBUTE = re.compile(r"([\w-]+)(?:=\"([^\"]*)\")?")


def shown(page: str) -> Values:
    """What a browser without scripts would send of the page's form."""
    form = re.sub(r"<template.*?</template>", "", page[page.index("data-point") :], flags=re.S)
    values: Values = {}
    for tag in _INPUT.findall(form):
        found = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(tag[6:-1])}
        is_box = found.get("type") in ("checkbox", "radio")
        if "name" in found and (not is_box or "checked" in found):
            values.setdefault(found["name"], []).append(found.get("value", "on" if is_box else ""))
    for name, options in _SELECT.findall(form):
        every = re.findall(r"<option value=\"([^\"]*)\" ?(selected)?", options)
        chosen = [value for value, is_selected in every if is_selected] or [every[0][0]]
        values[name] = [html.unescape(chosen[0])]
    values.pop("csrftoken", None)
    return values


def said(page: str) -> list[str]:
    """The problems beside the fields, by the field's name."""
    return re.findall(r"class=\"invalid-feedback[^\"]*\" id=\"([^\"]+)-problem\"", page)


def saved(database: Database, point_id: str = "home-pool") -> AccessPoint:
    """The access point as it is now."""
    with database.read() as session:
        return session.get_one(AccessPoint, point_id)


def set_document(database: Database, document: dict[str, Any]) -> None:
    """Saves a settings document behind the page's back."""
    with database.write() as session:
        session.get_one(AccessPoint, "home-pool").settings = document


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(points)
def test_every_setting_survives_its_page(admin: Browser, database: Database, point: Policy) -> None:
    """Saved, shown, sent back as it was shown: the very same document."""
    document = AccessPoint.settings_of(point)
    document.pop("facility_id", None)
    set_document(database, document)
    values = shown(admin.get(EDIT).text)
    assert admin.post(EDIT, **values, do="save").status_code == 303
    assert saved(database).settings == document


def test_a_change_is_saved_once_and_the_doors_hear_of_it(admin: Browser, database: Database) -> None:
    """Only what differs from the defaults is kept, in one commit that moves the feed."""
    heard: list[Commit] = []
    values = shown(admin.get(EDIT).text)
    database.commits.subscribe(heard.append)
    answer = admin.post(EDIT, **{**values, "balance.mode": "deny", "balance.threshold": "12,50"})
    assert answer.status_code == 303, answer.text
    assert saved(database).settings == {"balance": {"mode": "deny", "threshold_cents": 1250}}
    assert [commit.feeds for commit in heard] == [frozenset({"home"})]
    assert "Connected doors follow" in admin.get(answer.headers["location"]).text


def test_a_wrong_value_is_said_beside_its_field_and_nothing_is_lost(admin: Browser, database: Database) -> None:
    """The form comes back as it was typed, row for row, and nothing is written."""
    values = shown(admin.get(EDIT).text)
    typed = {
        **values,
        "balance.threshold": "1,234.50",
        "name_en": "",
        "name_fr": "Bassin <chaud>",
        "hours": ["4"],
        "hours.4.days": ["6", "7"],
        "hours.4.opens": "20:00",
        "hours.4.closes": "half past",
        "attendance.has_child_pick_up": "on",
    }
    answer = admin.post(EDIT, **typed)
    assert answer.status_code == 422
    wrong = {"name_en", "balance.threshold", "hours.4.closes", "attendance.has_child_pick_up"}
    assert set(said(answer.text)) == wrong
    again = shown(answer.text)
    assert {name: again[name] for name in values} == {
        name: [value] if isinstance(value := typed[name], str) else value for name in values
    }
    assert again["hours.4.days"] == ["6", "7"]
    assert "Bassin &lt;chaud&gt;" in answer.text
    assert saved(database).settings == {}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_problem_is_said_in_the_readers_language(
    admin: Browser, log_in: Callable[[str], Browser], language: str
) -> None:
    """Every kind of problem has its text; a page in French says it in French."""
    admin.post("/admin/preferences", language=language)
    browser = log_in("admin")
    page = browser.post(EDIT, **{**shown(browser.get(EDIT).text), "pulse": "soon"}).text
    assert ("Type seconds" if language == "en" else "Écrivez des secondes") in html.unescape(page)
    assert len(PROBLEMS) == len(set(PROBLEMS))


def test_rows_are_added_and_removed_without_scripts(admin: Browser, database: Database) -> None:
    """The form's own buttons: nothing is saved, what was typed stays, the new row is there."""
    values = {**shown(admin.get(EDIT).text), "capacity.limit": "not yet a number"}
    more = admin.post(EDIT, **values, do="add hours")
    assert more.status_code == 200
    assert said(more.text) == []
    values = shown(more.text)
    assert values["hours"] == ["0"]
    assert values["capacity.limit"] == ["not yet a number"]
    fewer = shown(admin.post(EDIT, **values, do="remove rules 0").text)
    assert fewer["rules"] == ["1"]
    moved = shown(admin.post(EDIT, **fewer, do="down order activity").text)
    assert moved["order"][:2] == ["membership", "activity"]
    assert saved(database).settings == {}
    assert admin.post(EDIT, **{**moved, "capacity.limit": "5"}).status_code == 303
    assert saved(database).policy().opening_hours[0].days == (1, 2, 3, 4, 5)
    assert admin.post(EDIT, **moved, do="explode").status_code == 400


def test_two_admins_are_told_of_each_other(
    admin: Browser, database: Database, log_in: Callable[[str], Browser]
) -> None:
    """The second to save is told what differs, keeps what they typed, and may mean it."""
    first, second = shown(admin.get(EDIT).text), shown(log_in("admin").get(EDIT).text)
    assert admin.post(EDIT, **{**first, "missing_picture": "deny"}).status_code == 303
    mine = {**second, "balance.mode": "review"}
    told = admin.post(EDIT, **mine)
    assert told.status_code == 409
    assert saved(database).settings == {"missing_picture": "deny"}
    warning = told.text[told.text.index('role="alert"') : told.text.index("<form", told.text.index('role="alert"'))]
    assert "Unpaid balance" in warning
    assert "No access picture" in warning
    assert "Capacity" not in warning
    again = shown(told.text)
    assert again["balance.mode"] == ["review"]
    assert admin.post(EDIT, **again).status_code == 303
    assert saved(database).settings == {"balance": {"mode": "review"}}


def test_adding_a_row_does_not_hide_what_somebody_else_saved(admin: Browser, database: Database) -> None:
    """The version that was seen first is the one that counts."""
    values = shown(admin.get(EDIT).text)
    set_document(database, {"pulse_ms": 5000})
    values = shown(admin.post(EDIT, **values, do="add hours").text)
    assert admin.post(EDIT, **values).status_code == 409
    assert saved(database).settings == {"pulse_ms": 5000}


def test_an_access_point_is_made(admin: Browser, database: Database) -> None:
    """With the defaults, at the only site; then its page is open."""
    values = shown(admin.get("/admin/access-point/create").text)
    assert values["site"] == ["home-site"]
    assert admin.post("/admin/access-point/create", **values).status_code == 422
    answer = admin.post("/admin/access-point/create", **{**values, "name_en": "Sauna", "direction": "both"})
    assert answer.status_code == 303
    page = admin.get(answer.headers["location"])
    assert shown(page.text)["name_en"] == ["Sauna"]
    made = saved(database, answer.headers["location"].split("pk=")[1])
    assert (made.organization_id, made.settings) == ("home", {"direction": "both"})


def test_things_are_chosen_by_name(admin: Browser, database: Database) -> None:
    """Activities to come, passes in use, and what was chosen before they were not; nothing of other organizations."""
    now = utc_now()
    with database.write() as session:
        for name, starts_in in (("swim", 1), ("skate", -30)):
            activity = Activity(id=name, organization_id="home", kind=ActivityKind.SESSION, name_en=name.title())
            at = now + timedelta(days=starts_in)
            activity.occurrences.append(Occurrence(starts_at=at, ends_at=at + timedelta(hours=1)))
            session.add(activity)
        session.add(Activity(id="far", organization_id="elsewhere", kind=ActivityKind.SESSION, name_en="Far"))
        session.add(Facility(id="rink", organization_id="home", name_en="Rink"))
        session.add(Facility(id="far-rink", organization_id="elsewhere", name_en="Far rink"))
        session.add(MembershipType(id="old", organization_id="home", name_en="Old one", archived_at=now))
    set_document(database, {"access_rules": [{"type": "membership", "chosen": ["old", "lost"]}, {"type": "session"}]})
    page = admin.get(EDIT).text
    for name in ("Family membership", "Old one", "lost", "Swim", "Rink"):
        assert name in page, name
    for name in ("Skate", "Far", "elsewhere"):
        assert name not in page, name
    values = shown(page)
    chosen = {"rules.1.scope": "chosen", "rules.1.chosen.session": "swim", "facility": "rink"}
    assert admin.post(EDIT, **{**values, **chosen}).status_code == 303
    document = saved(database).settings
    assert document["access_rules"] == [
        {"type": "membership", "chosen": ["old", "lost"]},
        {"type": "session", "chosen": ["swim"]},
    ]
    for wrong in ({"facility": "far-rink"}, {"rules.1.chosen.session": "far"}, {"site": "elsewhere-site"}):
        values = shown(admin.get(EDIT).text)
        assert said(admin.post(EDIT, **{**values, **wrong}).text) == list(wrong)
    assert saved(database).settings == document


def test_an_archived_or_unknown_access_point_has_no_page(admin: Browser, database: Database) -> None:
    """404 for looking and for saving; the old page of details leads to the settings."""
    values = shown(admin.get(EDIT).text)
    with database.write() as session:
        session.get_one(AccessPoint, "home-pool").archived_at = utc_now()
    for path in (EDIT, "/admin/access-point/edit", "/admin/access-point/edit?pk=elsewhere-pool"):
        assert admin.get(path).status_code == 404
        assert admin.post(path, **values).status_code == 404
    assert admin.get("/admin/access-point/detail?pk=home-gym").headers["location"].endswith("edit?pk=home-gym")


@pytest.mark.parametrize("role", ["desk", "viewer"])
def test_only_who_may_change_access_points_may(
    admin: Browser, database: Database, log_in: Callable[[str], Browser], role: str
) -> None:
    """Neither the page, nor its buttons, nor saving."""
    values = {**shown(admin.get(EDIT).text), "missing_picture": "deny"}
    browser = log_in(role)
    assert browser.get(EDIT).status_code == 403
    for path in (EDIT, "/admin/access-point/create"):
        assert [browser.post(path, **values, do=do).status_code for do in ("save", "add hours")] == [403, 403]
    assert saved(database).policy().missing_picture is Mode.IGNORE


def test_the_page_and_the_pure_form_agree(admin: Browser) -> None:
    """What the page shows is what the form says, field for field."""
    values, page = page_values()[0], shown(admin.get(EDIT).text)
    assert {name: page.get(name, []) for name in values if values[name]} == {
        name: each for name, each in values.items() if each
    }
