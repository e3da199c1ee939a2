"""Every page that is not about clients, walked in Chromium as an admin, as desk staff with few permissions, as nobody.

Each can be read by everybody and says nothing in the program's own words; what desk staff may not do is not in their
menu and not reached; nobody is sent to the login, and lands afterwards where they wanted to go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import delete, select

from access.domain.staff import DeskPermission
from server.models import Alarm, Event, Organization, QuarantinedMessage, Role, Staff, StaffSession, utc_now
from server.staff.permissions import Permission
from tests.chromium import resize, set_scheme
from tests.component.server_web.sample import PASSWORD, event
from tests.e2e.back_office.conftest import Office
from tests.e2e.back_office.walking import enter, flaws

pytestmark = pytest.mark.browser
SEEN = ("/admin/", "/admin/attendance", "/admin/profile", "/admin/membership-type/list")
DONE = (
    "/admin/report?period=this_month&group=day",
    "/admin/access-point/list",
    "/admin/access-point/detail?pk=home-pool",
    "/admin/access-point-history?pk=home-pool",
    "/admin/what-if?pk=home-pool",
    "/admin/sites",
    "/admin/site/create",
    "/admin/devices",
    "/admin/devices/home-door",
    "/admin/alarm/list",
    "/admin/alarm/detail?pk=walked",
    "/admin/quarantine/list",
    "/admin/staff/list",
    "/admin/staff/create",
    "/admin/roles",
    "/admin/roles/hosts",
    "/admin/second-factor",
    "/admin/audit",
    "/admin/organization",
    "/admin/imports",
    "/admin/integrations",
    "/admin/mail",
    "/admin/retention",
    "/admin/multipass-type/create",
)
NAMES_OF_SETTINGS = {"retention_days", "smtp_host"}
"""What whoever runs the server writes in a file is called there what it is called in the office."""
_WORDS = "() => document.querySelector('main').innerText"
_OFFERED = "() => [...document.querySelectorAll('#sidebar-menu a, main a')].map((each) => new URL(each.href).pathname)"
_RAW = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b")
"""A key of the program, or an id that it made."""


@pytest.fixture(autouse=True)
def _things(office: Office) -> Iterator[None]:
    """Something to see on each page, and who may do little."""
    with office.database.write() as session:
        own = {"organization_id": "home"}
        permissions = sorted([Permission.VIEW_ACCOUNTS, Permission.ATTENDANCE])
        session.add(
            Role(id="hosts", name="Hosts", permissions=permissions, desk_permissions=[DeskPermission.INSIDE], **own)
        )
        session.flush()
        session.scalars(select(Staff).where(Staff.email == "desk@example.org")).one().role_id = "hosts"
        session.add(Alarm(id="walked", kind="message_quarantined", subject="home-door", **own))
        session.add(
            QuarantinedMessage(
                site_id="home-site",
                device_id="home-door",
                reason="malformed",
                detail="up: no event",
                payload=b"x",
                payload_size=1,
                payload_hash="0" * 64,
                **own,
            )
        )
        event(session, occurred_at=utc_now(), flags=["late"], pass_name="Swim pass", pass_type="multipass")
        event(session, occurred_at=utc_now(), kind="denied", outcome="denied", reasons=["card_revoked"])
    yield
    with office.database.write() as session:
        session.scalars(select(Staff).where(Staff.email == "desk@example.org")).one().role_id = None
        session.delete(session.get_one(Role, "hosts"))
        session.get_one(Organization, "home").retention = {}
        for table in (Event, Alarm, QuarantinedMessage, StaffSession):
            session.execute(delete(table))


def _raw(page: Page) -> set[str]:
    return set(_RAW.findall(page.evaluate(_WORDS))) - NAMES_OF_SETTINGS


def _reach_the_whole_menu(page: Page) -> None:
    """With every group open it is longer than the screen, and its last entry is reached by keys and by scrolling."""
    for each in page.locator(".menu-group:not([open]) > summary").all()[::-1]:
        each.press("Enter")
    last = page.locator("#sidebar-menu a").last
    expect(last).not_to_be_in_viewport()
    last.focus()
    expect(last).to_be_in_viewport(ratio=1)
    page.locator("#sidebar-menu a").first.focus()
    page.locator(".navbar-vertical").hover()
    page.mouse.wheel(0, 2000)
    expect(last).to_be_in_viewport(ratio=1)


def test_every_page_of_the_office_as_an_admin(page: Page, context: BrowserContext, office: Office) -> None:
    """Light on a desk and dark on a telephone by turns; the retention is changed by keys alone."""
    enter(context, office, "admin")
    page.goto(f"{office.url}/admin/")
    for number, path in enumerate((*SEEN, *DONE)):
        if number in (0, (len(SEEN) + len(DONE)) // 2):
            resize(page, *((390, 844) if number else (1440, 900)))
            set_scheme(page, "dark" if number else "light")
        answered = page.goto(f"{office.url}{path}")
        assert answered is not None
        assert (path, answered.status, flaws(page), _raw(page)) == (path, 200, [], set())
        if not number:
            _reach_the_whole_menu(page)
    page.goto(f"{office.url}/admin/retention")
    days = page.get_by_label("Movements", exact=True)
    days.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("120")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved. It counts from the next night on.")).to_be_visible()
    expect(days).to_have_value("120")


def test_desk_staff_with_few_permissions(page: Page, context: BrowserContext, office: Office) -> None:
    """Their menu has their pages only; every other one is refused, whoever knows its address."""
    enter(context, office, "desk")
    for path in SEEN:
        answered = page.goto(f"{office.url}{path}")
        assert answered is not None
        assert (path, answered.status, flaws(page)) == (path, 200, [])
    offered = page.evaluate(_OFFERED)
    assert "/admin/attendance" in offered
    assert set(offered) & {each.partition("?")[0] for each in DONE} == set()
    for path in DONE:
        answer = context.request.get(f"{office.url}{path}", max_redirects=0)
        assert (path, answer.status) == (path, 403)
    page.goto(f"{office.url}/admin/retention")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is not for your role")


def test_nobody_signs_in_first(page: Page, context: BrowserContext, office: Office) -> None:
    """From every address; the login can be read by everybody, and leads on to where one wanted to go."""
    headers = {"Accept": "text/html"}
    for path in (*SEEN, *DONE):
        answer = context.request.get(f"{office.url}{path}", max_redirects=0, headers=headers)
        assert (path, answer.status, "/admin/login?" in answer.headers["location"]) == (path, 303, True)
    page.goto(f"{office.url}/admin/attendance")
    assert flaws(page) == []
    expect(page.locator("#email")).to_be_focused()
    page.keyboard.type("desk@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Attendance")).to_be_visible()
