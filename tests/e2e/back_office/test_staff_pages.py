"""Staff, roles, second factor and audit log in Chromium: by keyboard, in English and French, light and dark."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from access.domain.people import Language
from server.admin.gate import SESSION_COOKIE
from server.models import Organization, Role, Staff, StaffSession, utc_now
from server.staff.service import start_session
from tests.chromium import Scheme, faint_texts, resize, set_scheme, settle
from tests.component.server_web.sample import PASSWORD
from tests.component.server_web.test_second_factor import code_of
from tests.e2e.back_office.conftest import Office

pytestmark = pytest.mark.browser
PAGES = (
    "/admin/roles",
    "/admin/roles/new",
    "/admin/second-factor",
    "/admin/profile",
    "/admin/profile/second-factor",
    "/admin/audit",
    "/admin/staff/create",
    "/admin/organization",
)


def _staff(session: Session, who: str) -> Staff:
    return session.scalars(select(Staff).where(Staff.email == f"{who}@example.org")).one()


@pytest.fixture(autouse=True)
def _as_it_was(office: Office) -> Iterator[None]:
    yield
    with office.database.write() as session:
        session.get_one(Organization, "home").requires_second_factor = False
        for who in ("admin", "desk", "viewer"):
            staff = _staff(session, who)
            staff.language, staff.role_id = Language.EN, None
            staff.totp_secret, staff.totp_confirmed_at, staff.totp_step, staff.recovery_hashes = None, None, 0, []
        session.execute(delete(StaffSession))
        for role in session.scalars(select(Role)):
            session.delete(role)


@pytest.mark.parametrize(
    ("language", "enrol", "recovery", "code", "wrong"),
    [
        ("en", "Set up your second factor", "Your recovery codes", "Enter your code", "not right"),
        ("fr", "Configurez votre deuxième facteur", "Vos codes de secours", "Saisissez votre code", "bon"),
    ],
)
def test_a_login_with_a_second_factor_by_keyboard(
    page: Page, office: Office, language: str, enrol: str, recovery: str, code: str, wrong: str
) -> None:
    """Required of admins: set up on the way in, then asked for; a wrong one is said at the field."""
    with office.database.write() as session:
        session.get_one(Organization, "home").requires_second_factor = True
        _staff(session, "admin").language = Language(language)

    def password() -> None:
        page.goto(f"{office.url}/admin/audit")
        expect(page.locator("#email")).to_be_focused()
        page.keyboard.type("admin@example.org")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")

    password()
    expect(page.get_by_role("heading", name=enrol)).to_be_visible()
    expect(page.locator("img.second-factor-qr")).not_to_have_js_property("naturalWidth", 0)
    secret = page.locator("code").inner_text()
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(code_of(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=recovery)).to_be_visible()
    codes = page.locator(".recovery-codes code").all_inner_texts()
    assert len(set(codes)) == 10
    page.locator("main a.btn-primary").press("Enter")
    page.wait_for_url(f"{office.url}/admin/audit")
    page.locator(".navbar .dropdown > button:visible").press("Enter")
    page.locator("form[action$='/logout'] button:visible").press("Enter")
    expect(page.locator("#email")).to_be_visible()
    password()
    expect(page.get_by_role("heading", name=code)).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(wrong)
    expect(page.locator("#code")).to_be_focused()
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office.url}/admin/audit")


def test_an_own_role_opens_its_pages_and_no_others(admin: Page, context: BrowserContext, office: Office) -> None:
    """Made by keyboard; its holder sees its entries of the menu, and the rest is refused."""
    admin.goto(f"{office.url}/admin/roles")
    admin.get_by_role("link", name="New role").press("Enter")
    admin.get_by_label("Name of the role").press_sequentially("Pool host")
    for ticked in ("See client accounts", "Attendance", "Audit log"):
        admin.locator("fieldset").first.get_by_label(ticked).press("Space")
    admin.get_by_role("button", name="Save", exact=True).press("Enter")
    expect(admin.get_by_role("columnheader", name="Pool host")).to_be_visible()
    with office.database.write() as session:
        role = session.scalars(select(Role)).one()
        assert (role.name, sorted(role.permissions)) == ("Pool host", ["attendance", "audit", "view_accounts"])
        viewer = _staff(session, "viewer")
        viewer.role_id = role.id
        token = start_session(session, viewer.id, now=utc_now())
    context.clear_cookies()
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": f"{office.url}/admin/"}])
    admin.goto(f"{office.url}/admin/")
    menu = admin.locator("#sidebar-menu")
    for seen in ("Check-in overview", "Clients", "Audit log"):
        expect(menu.get_by_role("link", name=seen, exact=True)).to_be_visible()
    for hidden in ("Devices", "Staff", "Roles", "Imports"):
        expect(menu.locator("a", has_text=re.compile(f"^\\s*{hidden}\\s*$"))).to_have_count(0)
    expect(menu.locator("details", has_text="Organization")).to_have_count(0)
    for path, status in (("audit", 200), ("roles", 403), ("staff/list", 403), ("devices", 403)):
        answer = admin.goto(f"{office.url}/admin/{path}")
        assert answer is not None
        assert answer.status == status, path


@pytest.mark.parametrize(
    ("language", "thing", "before", "after", "who"),
    [
        ("en", "Role: changed", "before", "after", "Alex Admin"),
        ("fr", "Rôle\u00a0: modification", "avant", "après", "Alex Admin"),
    ],
)
def test_the_audit_log_shows_a_change_with_before_and_after(
    admin: Page, office: Office, language: str, thing: str, before: str, after: str, who: str
) -> None:
    """What was changed on a form a moment ago, found by its kind, by whom."""
    with office.database.write() as session:
        session.add(Role(id="hosts", organization_id="home", name="Hosts", permissions=["view_accounts"]))
        _staff(session, "admin").language = Language(language)
    admin.goto(f"{office.url}/admin/roles/hosts")
    admin.locator("#name").fill("Greeters")
    admin.locator("main form, form.card").first.locator("button.btn-primary").click()
    expect(admin.get_by_role("link", name="Greeters")).to_be_visible()
    admin.goto(f"{office.url}/admin/audit")
    admin.locator("#entity").select_option("role")
    admin.locator("form.card button.btn-primary").press("Enter")
    row = admin.locator("tbody tr").first
    expect(row).to_contain_text(thing)
    expect(row).to_contain_text(who)
    expect(row.locator("del")).to_have_text(re.compile(f"{before}.*Hosts"))
    expect(row.locator("ins")).to_have_text(re.compile(f"{after}.*Greeters"))


def test_the_menu_by_keyboard_and_on_a_phone(admin: Page, office: Office) -> None:
    """A group opens by Enter, the current page is marked and its group open; on a phone the button opens the menu."""
    menu = admin.locator("#sidebar-menu")
    group = menu.locator("details", has_text="Audit log")
    link = menu.get_by_role("link", name="Audit log", exact=True)
    expect(menu.locator('[aria-current="page"]')).to_have_text(re.compile("Check-in overview"))
    expect(link).to_be_hidden()
    group.locator("summary").press("Enter")
    link.press("Enter")
    admin.wait_for_url("**/admin/audit")
    expect(menu.locator('[aria-current="page"]')).to_have_text(re.compile("Audit log"))
    expect(link).to_be_visible()
    resize(admin, 360, 740)
    expect(link).to_be_hidden()
    admin.locator(".navbar-toggler").press("Enter")
    expect(link).to_be_visible()
    settle(admin)
    assert admin.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_every_staff_page_fits_and_is_read(admin: Page, office: Office, width: int, scheme: Scheme) -> None:
    """No sideways scrolling, one heading, AA contrast; the narrow ones in French, which is longer."""
    with office.database.write() as session:
        session.add(Role(id="hosts", organization_id="home", name="Responsables de plateau", permissions=["audit"]))
        _staff(session, "admin").language = Language.FR if width == 360 else Language.EN
    resize(admin, width, 900)
    set_scheme(admin, scheme)
    for path in (*PAGES, "/admin/roles/hosts"):
        admin.goto(f"{office.url}{path}")
        assert faint_texts(admin) == [], path
        assert admin.evaluate("document.documentElement.scrollWidth") <= width, path
        assert admin.locator("h1").count() == 1, path
