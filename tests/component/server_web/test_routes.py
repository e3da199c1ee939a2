"""What is closed stays closed, and another organization's things are not there; who may use which page is in
`test_roles_and_routes`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.db import Database
from server.models import Multipass
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import Sample

_FOREIGN = (
    "/admin/accounts/elsewhere-account/sell",
    "/admin/accounts/elsewhere-account/contact",
    "/admin/accounts/elsewhere-account/people",
    "/admin/accounts/elsewhere-account/pictures/elsewhere-zoe/profile",
    "/admin/accounts/elsewhere-account/pictures/elsewhere-zoe/access",
    "/admin/accounts/elsewhere-account",
    "/admin/accounts/elsewhere-account/members",
    "/admin/accounts/elsewhere-account/cards",
    "/admin/accounts/elsewhere-account/activity",
    "/admin/accounts/elsewhere-account/activity.csv",
    "/admin/person/detail?pk=elsewhere-zoe",
    "/admin/account/detail?pk=elsewhere-account",
    "/admin/membership/detail?pk=elsewhere-membership",
    "/admin/multipass/edit?pk=elsewhere-pass",
    "/admin/access-point/edit?pk=elsewhere-pool",
    "/admin/what-if?pk=elsewhere-pool",
    "/admin/site/detail?pk=elsewhere-site",
)


@pytest.mark.parametrize("path", ["/accounts/home-account/cards", "/tags/new", "/devices/enrol", "/logout"])
def test_a_form_with_a_token_but_no_login_changes_nothing(anonymous: Browser, path: str) -> None:
    """The token alone is no session."""
    assert anonymous.post(f"/admin{path}").status_code in (401, 405)


def test_what_is_not_a_page_is_answered_401(anonymous: Browser) -> None:
    """A stream, a picture or a fragment gets no login page."""
    assert anonymous.get("/admin/live", accept="text/event-stream").status_code == 401
    assert anonymous.get(f"/admin/pictures/{'0' * 64}", accept="image/webp,*/*").status_code == 401
    assert anonymous.get("/admin/accounts/found", sec_fetch_mode="cors").status_code == 401


@pytest.mark.parametrize("role", ["desk", "viewer"])
def test_forms_are_closed_without_the_permission(log_in: Callable[[str], Browser], role: str) -> None:
    """Not seeing a button is not enough."""
    browser = log_in(role)
    refused = [
        browser.post("/admin/devices/enrol", name="Back door", point="home-pool"),
        browser.post("/admin/devices/home-door/revoke"),
        browser.post("/admin/staff/create", name="x", email="x@example.org", password="x" * 12, role="admin"),
        browser.post("/admin/access-point/edit?pk=home-pool", name_en="Mine"),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)


@pytest.mark.parametrize("path", _FOREIGN)
def test_another_organizations_things_are_not_there(admin: Browser, path: str) -> None:
    """404, as for what never existed."""
    assert admin.get(path).status_code == 404


def test_a_list_holds_only_ones_own(admin: Browser) -> None:
    """Lists, searches, choosers and exports know nothing of the others."""
    for path in (
        "/admin/person/list?q=Tremblay",
        "/admin/_api/person/relation-lookup?q=Tremblay",
        "/admin/_api/person/relation-lookup?pks=elsewhere-zoe",
        "/admin/staff/list",
        "/admin/accounts?q=Tremblay",
    ):
        answer = admin.get(path)
        assert answer.status_code == 200
        assert "elsewhere" not in answer.text, path
        assert "Olga" not in answer.text, path


def test_a_door_of_somebody_else_is_not_revoked(admin: Browser, database: Database) -> None:
    """Not by guessing its id either."""
    assert admin.post("/admin/devices/elsewhere-door/revoke").status_code == 404


def test_a_pass_cannot_be_given_to_another_organizations_person(admin: Browser, database: Database) -> None:
    """A relation is looked up among one's own rows."""
    form = {"purchased_on": "2020-01-01", "effective": "on_purchase", "person": "elsewhere-zoe"}
    admin.post("/admin/multipass/edit?pk=home-pass", **form)
    with database.read() as session:
        assert session.get_one(Multipass, "home-pass").person_id is None


def test_pictures_are_shown_to_their_own_organization_only(admin: Browser, sample: Sample) -> None:
    """By content hash, but never across organizations; the browser keeps none."""
    own = admin.get(f"/admin/pictures/{sample.picture}")
    assert (own.status_code, own.headers["content-type"]) == (200, "image/jpeg")
    assert own.headers["cache-control"] == "no-store"
    for hidden in (sample.foreign_picture, "0" * 64, "..%2f..%2fcentre.db"):
        assert admin.get(f"/admin/pictures/{hidden}").status_code == 404


def test_pages_are_not_kept_not_framed_and_load_nothing_from_elsewhere(admin: Browser) -> None:
    """The headers of every page, and no address of another server in it."""
    for path in ("/admin/", "/admin/accounts/home-account/activity", "/admin/person/list", "/admin/staff/create"):
        page = admin.get(path)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"
        assert "'unsafe-inline'" not in page.headers["content-security-policy"].split("style-src")[0]
        addresses = {part.split("/")[0] for part in page.text.split("http://")[1:] + page.text.split("https://")[1:]}
        assert addresses <= {"testserver.local", "www.w3.org"}, path


def test_the_steps_of_a_login_are_open_and_hold_nothing(anonymous: Browser) -> None:
    """Who has given no password is sent back to where one is given."""
    for path in ("/login/which", "/login/code", "/login/second-factor"):
        answer = anonymous.get(f"/admin{path}")
        assert (answer.status_code, "/admin/login" in answer.headers.get("location", "")) in ((303, True), (405, False))
