"""What a close reading of the pages found: rows that are gone, exports, tokens, and the centre's own device."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from server.api.scopes import Scope
from server.db import Database
from server.models import AccessPoint, ApiToken, Device, Membership, Multipass, Person, Role, Staff, utc_now
from server.staff.permissions import ROLES, Permission
from tests.component.server_web.browser import Browser

HOME = "/admin/accounts/home-account"
_FORMS = ("sell/membership", "sell/multipass", "people/owner", "contact/new", "person/home-emile/section/pick-up")


@pytest.fixture
def gone(database: Database) -> list[str]:
    """The rows of a child who was merged into Zoé and of a child who was erased, still on the account."""
    with database.write() as session:
        for id_ in ("home-zo", "home-nobody"):
            made = Person(id=id_, organization_id="home", account_id="home-account", first_name=f"Gone {id_}")
            made.archived_at, made.date_of_birth = utc_now(), utc_now().date().replace(year=2020, month=1, day=2)
            session.add(made)
        session.flush()
        session.get_one(Person, "home-zo").merged_into = "home-zoe"
        session.get_one(Person, "home-nobody").erased_at = utc_now()
    return ["home-zo", "home-nobody"]


@pytest.fixture
def with_only(log_in: Callable[[str], Browser], database: Database) -> Callable[..., Browser]:
    """The browser of a staff member with exactly these permissions."""

    def enter(*permissions: Permission) -> Browser:
        with database.write() as session:
            role = Role(organization_id="home", name="Own", permissions=sorted(permissions), desk_permissions=[])
            session.add(role)
            session.flush()
            session.scalars(select(Staff).where(Staff.email == "desk@example.org")).one().role_id = role.id
        return log_in("desk")

    return enter


def _sent(browser: Browser, path: str, **fields: object) -> int:
    """Opens a form, sends it; the status."""
    seen = re.search(r'name="seen" value="(\w*)"', browser.get(path).text)
    assert seen, path
    return browser.post(path, seen=seen[1], **fields).status_code


def test_nothing_is_sold_to_or_made_of_who_is_gone(admin: Browser, database: Database, gone: list[str]) -> None:
    """No form offers a row that was merged away or erased, none takes it, and it has no page."""
    for form in _FORMS:
        page = admin.get(f"{HOME}/{form}")
        assert page.status_code == 200, form
        assert not [each for each in gone if f'value="{each}"' in page.text], form
    for cards in (f"{HOME}/cards", f"{HOME}/cards/issue"):
        assert not [each for each in gone if f'value="{each}"' in admin.get(cards).text], cards
    day = utc_now().date().isoformat()
    for id_ in gone:
        sold = {"type": "home-mt", "people": ["home-zoe", id_], "starts_on": day}
        assert _sent(admin, f"{HOME}/sell/membership", **sold) == 422
        assert _sent(admin, f"{HOME}/sell/multipass", type="home-pt", person=id_, purchased_on=day) == 422
        assert _sent(admin, f"{HOME}/people/owner", owner=id_) == 422
        assert admin.get(f"{HOME}/person/{id_}/section/personal").status_code == 404
        assert admin.post(f"{HOME}/person/{id_}/flag/block").status_code == 404
    with database.read() as session:
        covered = {each.person_id for made in session.scalars(select(Membership)) for each in made.people}
        assert not covered & set(gone)
        assert not set(session.scalars(select(Multipass.person_id))) & set(gone)


def test_who_may_not_take_many_rows_out_exports_none(with_only: Callable[..., Browser]) -> None:
    """Looking at a list is one permission, its file another."""
    asked = "/admin/_api/person/action?name=export&all=1"
    form = {"scope": "selection", "format": "csv", "filename": "people"}
    viewer = with_only(Permission.VIEW_ACCOUNTS)
    assert viewer.get("/admin/person/list").status_code == 200
    refused = viewer.post(asked, **form)
    assert refused.status_code == 400
    assert "Tremblay" not in refused.text
    assert with_only(Permission.VIEW_ACCOUNTS, Permission.REPORTS).post(asked, **form).status_code == 200


def test_a_token_gives_no_more_than_its_maker_has(with_only: Callable[..., Browser], database: Database) -> None:
    """Of all scopes that are sent, those whose permission is there are given."""
    every = [each.value for each in Scope]
    maker = with_only(Permission.INTEGRATIONS, Permission.VIEW_ACCOUNTS)
    assert maker.post("/admin/integrations/tokens", name="Shop", scope=every).status_code == 200
    assert maker.post("/admin/integrations/tokens", name="None", scope="imports:write").status_code == 303
    with database.read() as session:
        (token,) = session.scalars(select(ApiToken))
    assert "accounts:read" in token.scopes
    assert not [each for each in token.scopes if not each.endswith(":read")]
    assert not {"devices:read", "access_points:read"} & set(token.scopes)
    boss = with_only(*ROLES["admin"])
    assert boss.post("/admin/integrations/tokens", name="All", scope=every).status_code == 200
    with database.read() as session:
        assert set(session.scalars(select(ApiToken).where(ApiToken.name == "All")).one().scopes) == set(every)


def test_the_centres_own_device_is_no_door(admin: Browser, database: Database) -> None:
    """It has no page, is sent nothing, and cannot be revoked or written off."""
    with database.write() as session:
        site_id = session.get_one(AccessPoint, "home-pool").site_id
        own = Device(id="own", organization_id="home", site_id=site_id, name="Back office", secret_hash="")
        own.is_centre = True
        session.add(own)
    assert admin.get("/admin/devices/own").status_code == 404
    edited = {"name": "Mine", "point": "home-pool"}
    for path, fields in (("command", {"kind": "wipe"}), ("edit", edited), ("revoke", {}), ("write-off", {})):
        assert admin.post(f"/admin/devices/own/{path}", **fields).status_code == 404, path
    with database.read() as session:
        own = session.get_one(Device, "own")
        assert (own.name, own.revoked_at, own.written_off_at) == ("Back office", None, None)
