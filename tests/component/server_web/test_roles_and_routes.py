"""Role by route: every route of the whole centre, read off its router, and who may use it.

A page of ours says its permission itself; what is not a page of ours is in the tables here. A new route that is in
neither fails with what to do about it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select
from starlette.routing import BaseRoute, Mount, Route
from starlette_admin.views import BaseView

from access.domain.registrations import ActivityKind
from server.activities.rows import add_activity, add_occurrence, add_registration
from server.admin.frame import OfficePage
from server.admin.gate import SESSION_COOKIE
from server.admin.live import server_sent_events
from server.admin.records.base import OrganizationView
from server.app import create_app
from server.db import Database
from server.models import AuditEntry, Person, Role, Staff, utc_now
from server.settings import ServerSettings
from server.staff.permissions import ROLES, Permission
from server.staff.service import create_staff, start_session
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import PASSWORD

# Pages of the gate, which are before any permission, and the frame's own ones, which ask the view that they are about.
BEFORE_THE_LOGIN = {"/login", "/login/which", "/login/code", "/login/second-factor", "/preferences"}
ANYBODY_SIGNED_IN = {"/logout", "/_files/{storage}/{path:path}"}
OF_A_LIST = {
    "/{key}/list": "view_permission",
    "/{key}/detail": "view_permission",
    "/{key}/create": "edit_permission",
    "/{key}/edit": "edit_permission",
    "/_api/{key}/relation-lookup": "view_permission",
    "/_api/{key}/action": "view_permission",
    "/_api/{key}/row-action": "view_permission",
    "/_api/{key}/import": "edit_permission",
    "/_api/{key}/inline-edit": "edit_permission",
    "/_api/{key}/inline-edit/row": "edit_permission",
}
# Forms that whoever may see client accounts may send: they change nothing but what is the reader's own.
READERS_MAY_SEND = {"/accounts/lists", "/accounts/lists/{list_id}/delete", "/what-if"}
# Handlers that ask for more than their page does.
STRICTER = {"/accounts/export.{extension}": Permission.REPORTS}
OPEN_TO_THE_WORLD = {"/", "/health", "/edge/v1/enroll"}
VALUES = {
    "account_id": "home-account",
    "person_id": "home-zoe",
    "device_id": "home-door",
    "membership_id": "home-membership",
    "activity_id": "home-activity",
    "occurrence_id": "home-occurrence",
    "registration_id": "home-registration",
    "sha256": "0" * 64,
    "section": "contact",
    "what": "skill",
    "flag": "blocked",
    "extension": "csv",
}
ADVICE = (
    "{}: this route is in no table. A page of ours (OfficePage) needs a `permission`; anything else belongs in the "
    "tables of this file, with who may use it."
)


@pytest.fixture(autouse=True)
def ended_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams end at once instead of after a minute: whether they begin is what is asked here."""
    for module in ("live_page", "pages.overview"):
        monkeypatch.setattr(f"server.admin.{module}.server_sent_events", partial(server_sent_events, stream_s=0))


@pytest.fixture
def app(database: Database, data_dir: Path) -> FastAPI:
    """The whole centre, of which nothing runs; with an activity that somebody is registered for."""
    at = utc_now() + timedelta(days=7)
    with database.write() as session:
        add_activity(session, "home", id="home-activity", kind=ActivityKind.SESSION, name_en="Swim level 1")
        session.flush()
        add_occurrence(session, "home-activity", at, at + timedelta(hours=1), id="home-occurrence")
        person = session.get_one(Person, "home-zoe")
        add_registration(session, person, "home-activity", id="home-registration", registered_at=at)
    return create_app(ServerSettings(data_dir=data_dir))


@pytest.fixture
def as_role(app: FastAPI, database: Database) -> Callable[[frozenset[Permission]], Browser]:
    """A browser of a staff member whose own role has exactly these permissions."""
    made: dict[frozenset[Permission], str] = {}

    def enter(permissions: frozenset[Permission]) -> Browser:
        browser = Browser(app)
        with database.write() as session:
            if permissions not in made:
                name = "-".join(sorted(permissions)) or "nothing"
                role = Role(organization_id="home", name=name, permissions=sorted(permissions), desk_permissions=[])
                session.add(role)
                session.flush()
                email = f"own{len(made)}@example.org"
                staff = create_staff(
                    session, organization_id="home", email=email, name=name, password=PASSWORD, role="viewer"
                )
                staff.role_id, made[permissions] = role.id, staff.id
            token = start_session(session, made[permissions], now=utc_now())
        browser.cookies.set(SESSION_COOKIE, token, domain="testserver.local", path="/admin/")
        return browser

    return enter


def routes(found: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str, Route]]:
    """Method, path and route of everything in the back office."""
    for route in found:
        if isinstance(route, Mount):
            yield from routes(list(route.routes), prefix + route.path)
        elif isinstance(route, Route) and (prefix + route.path).startswith("/admin/"):
            for method in sorted((route.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
                yield method, (prefix + route.path).removeprefix("/admin"), route


def page_of(route: Route) -> OfficePage | None:
    """The page of ours that a route belongs to: the frame keeps it in the closure of its wrapper."""
    nonlocals = inspect.getclosurevars(inspect.unwrap(route.endpoint)).nonlocals
    wrapped = inspect.getclosurevars(route.endpoint).nonlocals if inspect.isfunction(route.endpoint) else {}
    for each in [*wrapped.values(), *nonlocals.values()]:
        owner = getattr(each, "__self__", each)
        if isinstance(owner, OfficePage):
            return owner
    return None


def lists(app: FastAPI) -> list[OrganizationView]:
    """Every list that the frame makes of a table."""
    frame = next(route.endpoint.__self__ for _, path, route in routes(list(app.routes)) if path == "/{key}/list")
    views: list[BaseView] = frame._views
    return [each for each in views if isinstance(each, OrganizationView)]


def pages(app: FastAPI) -> list[tuple[str, str, Permission | None]]:
    """Method, path and permission of each page of ours."""
    found = []
    for method, path, route in routes(list(app.routes)):
        if not isinstance(route.endpoint, type(page_of)):
            continue
        page = page_of(route)
        assert page is not None, ADVICE.format(path)
        found.append((method, path, page.permission))
    return found


def address(path: str) -> str:
    """The path with the sample's ids in it."""
    return "/admin" + re.sub(r"{(\w+)(?::\w+)?}", lambda found: VALUES.get(found[1], "nothing"), path)


def test_every_route_is_in_a_table(app: FastAPI) -> None:
    """So that nobody adds one without saying who may use it."""
    ours = {(method, path) for method, path, _ in pages(app)}
    known = BEFORE_THE_LOGIN | ANYBODY_SIGNED_IN | set(OF_A_LIST)
    for method, path, _ in routes(list(app.routes)):
        assert (method, path) in ours or path in known, ADVICE.format(path)
    assert len(ours) > 30


def test_only_ones_own_profile_needs_no_permission(app: FastAPI) -> None:
    """Deny by default: a page without a permission is for everybody who is signed in."""
    assert {path for _, path, permission in pages(app) if permission is None} == {
        "/profile",
        "/profile/password",
        "/profile/sessions",
        "/profile/second-factor",
        "/profile/second-factor/off",
        "/profile/recovery",
    }


def test_the_doors_and_programs_routes_know_no_staff(app: FastAPI, log_in: Callable[[str], Browser]) -> None:
    """A signed-in admin is nobody there: without its own secret each is answered 401, or 422 before that."""
    admin = log_in("admin")
    asked = [(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods]
    assert len(asked) > 3
    for method, path in asked:
        if path in OPEN_TO_THE_WORLD:
            continue
        answer = admin.send(method, re.sub(r"{\w+}", "home", path))
        assert answer.status_code in (401, 422), ADVICE.format(path)


def test_nobody_gets_in(app: FastAPI, anonymous: Browser) -> None:
    """A page leads to the login; a form without its token is refused before anything else."""
    for method, path, _ in routes(list(app.routes)):
        if path in BEFORE_THE_LOGIN:
            continue
        answer = anonymous.send(method, address(path))
        if method == "GET":
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("http://testserver.local/admin/login?"), path
        else:
            assert answer.status_code == 403, path


@pytest.mark.parametrize("role", ["viewer", "desk", "admin"])
def test_a_role_sees_the_pages_of_its_permissions_and_no_others(
    app: FastAPI, log_in: Callable[[str], Browser], role: str
) -> None:
    """By the permission that the page names."""
    browser, wrong = log_in(role), []
    for method, path, permission in pages(app):
        if method != "GET":
            continue
        permission = STRICTER.get(path, permission)
        is_refused = browser.get(address(path)).status_code == 403
        if is_refused is not (permission is not None and permission not in ROLES[role]) and not (
            is_refused and permission is Permission.VIEW_ACCOUNTS and role == "viewer"
        ):
            wrong.append(path)
    assert wrong == []


@pytest.mark.parametrize("permission", [Permission.VIEW_ACCOUNTS, Permission.STAFF, Permission.AUDIT])
def test_one_permission_opens_its_own_pages_only(
    app: FastAPI, as_role: Callable[[frozenset[Permission]], Browser], permission: Permission
) -> None:
    """An own role with one permission: every page and form of another permission is refused."""
    browser, open_to_it = as_role(frozenset({permission})), []
    for method, path, needed in pages(app):
        if needed in (permission, None):
            continue
        answer = browser.get(address(path)) if method == "GET" else post(browser, address(path))
        if answer.status_code != 403:
            open_to_it.append(f"{method} {path}: {answer.status_code}")
    assert open_to_it == []


def test_who_may_only_look_sends_no_form(app: FastAPI, as_role: Callable[[frozenset[Permission]], Browser]) -> None:
    """Except those few that change nothing of anybody else's; add to `READERS_MAY_SEND` what must be there."""
    browser = as_role(frozenset({Permission.VIEW_ACCOUNTS}))
    sent = {
        path
        for method, path, permission in pages(app)
        if method != "GET"
        and permission is Permission.VIEW_ACCOUNTS
        and post(browser, address(path)).status_code not in (403, 404, 405)
    }
    assert sent - READERS_MAY_SEND == set()


def test_lists_ask_their_permissions(app: FastAPI, as_role: Callable[[frozenset[Permission]], Browser]) -> None:
    """Seeing by the one, making and changing by the other."""
    known = lists(app)
    assert len(known) > 5
    nothing = as_role(frozenset())
    for view in known:
        looking = as_role(frozenset({view.view_permission}))
        assert nothing.get(f"/admin/{view.key}/list").status_code == 403, view.key
        assert looking.get(f"/admin/{view.key}/list").status_code != 403, view.key
        if view.edit_permission is not view.view_permission:
            for path in (f"/admin/{view.key}/create", f"/admin/{view.key}/edit?pk=x"):
                assert looking.get(path).status_code in (403, 404), path


def test_an_admin_of_another_organization_finds_and_changes_nothing(
    app: FastAPI, log_in: Callable[[str], Browser], database: Database
) -> None:
    """Whatever has an id in its path is not there, and no form leaves a trace in the log of the first organization."""
    stranger, before, shown = log_in("other"), entries(database), []
    for method, path, _ in pages(app):
        if not re.search(r"{(account|person|device|membership|activity)_id}", path):
            continue
        answer = stranger.get(address(path)) if method == "GET" else post(stranger, address(path))
        # A redirect shows nothing, and leads to a page that is not there either.
        if answer.status_code not in (303, 403, 404):
            shown.append(f"{method} {path}: {answer.status_code}")
    assert shown == []
    assert entries(database) == before


def test_a_change_of_the_role_acts_at_once(
    database: Database, as_role: Callable[[frozenset[Permission]], Browser]
) -> None:
    """On a live session."""
    browser = as_role(frozenset({Permission.AUDIT}))
    assert browser.get("/admin/audit").status_code == 200
    with database.write() as session:
        session.scalars(select(Role)).one().permissions = []
    assert browser.get("/admin/audit").status_code == 403


def entries(database: Database) -> int:
    """How long the first organization's log is."""
    with database.read() as session:
        wanted = select(func.count()).select_from(AuditEntry).where(AuditEntry.organization_id == "home")
        return int(session.execute(wanted).scalar_one())


def post(browser: Browser, path: str) -> Any:
    """An empty form with a token that is right."""
    if not hasattr(browser, "token"):
        page = browser.get("/admin/profile").text
        found = re.search(r'name="csrftoken" value="([^"]+)"', page)
        assert found is not None
        browser.token = found[1]  # type: ignore[attr-defined]
    return browser.send("POST", path, data={"csrftoken": browser.token})  # type: ignore[attr-defined]


def test_the_sample_has_who_is_asked(database: Database) -> None:
    """Otherwise the tables above would prove nothing."""
    with database.read() as session:
        assert {"admin@example.org", "other@example.org"} <= set(session.scalars(select(Staff.email)))
