"""The back office in a real Chromium: login, a family's page and its activity, the CSV, French, the live overview."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import delete

from server.models import Event, utc_now
from tests.chromium import faint_texts, resize, settle
from tests.component.server_web.sample import EVIL, PASSWORD, event
from tests.e2e.back_office.conftest import Office
from tests.patience import fastest

pytestmark = pytest.mark.browser
ACTIVITY = "/admin/accounts/home-account/activity"
PAGES = (
    "/admin/",
    "/admin/accounts",
    "/admin/accounts/home-account",
    "/admin/accounts/home-account/members",
    "/admin/accounts/home-account/cards",
    ACTIVITY,
    "/admin/person/list",
    "/admin/membership/list",
    "/admin/multipass/list",
    "/admin/multipass/edit?pk=home-pass",
    "/admin/multipass-type/edit?pk=home-pt",
    "/admin/card/list",
    "/admin/access-point/edit?pk=home-pool",
    "/admin/devices",
    "/admin/alarm/list",
    "/admin/staff/list",
    "/admin/nothing/here",
)


@pytest.fixture(autouse=True)
def _no_events(office: Office) -> Iterator[None]:
    yield
    with office.database.write() as session:
        session.execute(delete(Event))


def _now(minutes_ago: float = 0) -> datetime:
    return utc_now() - timedelta(minutes=minutes_ago)


def test_the_login_refuses_and_then_opens(page: Page, office: Office) -> None:
    """A wrong password is said at the form, the e-mail kept; the right one leads to where one wanted."""
    page.goto(f"{office.url}{ACTIVITY}")
    page.get_by_label("E-mail").fill("desk@example.org")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not go together")
    expect(page.get_by_label("E-mail")).to_have_value("desk@example.org")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{office.url}{ACTIVITY}")
    page.get_by_role("button", name="Your menu").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto(f"{office.url}/admin/")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_family_is_found_while_one_types(admin: Page, office: Office) -> None:
    """Without a click, by a name without its accent; then its page, then its activity."""
    admin.get_by_role("link", name="Clients").click()
    admin.get_by_role("searchbox").fill("emil")
    admin.get_by_role("link", name="Zoé Tremblay").click()
    expect(admin.get_by_role("heading", name="Zoé Tremblay")).to_be_visible()
    expect(admin.get_by_text("Active on recurring billing (no expiration)")).to_be_visible()
    admin.get_by_role("link", name="Account activity").click()
    expect(admin.get_by_text("No access interactions yet")).to_be_visible()


def test_account_activity_filters_pages_and_exports(admin: Page, office: Office) -> None:
    """Seeded events in their order; a filter; a CSV of what is filtered; the next page by its key."""
    with office.database.write() as session:
        for number in range(60):
            event(session, occurred_at=_now(number + 10), pass_type="membership", pass_name="Family membership")
        event(
            session,
            kind="denied",
            outcome="denied",
            reasons=["membership_on_pause"],
            occurred_at=_now(5),
            flags=["late"],
        )
        event(
            session,
            person_id="home-cmd",
            kind="review_requested",
            outcome="review",
            reasons=["notify_staff"],
            occurred_at=_now(1),
        )
    admin.goto(f"{office.url}{ACTIVITY}")
    rows = admin.locator("tbody tr")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text(EVIL)
    expect(rows.nth(1)).to_contain_text("on pause")
    expect(rows.nth(1)).to_contain_text("Late")
    admin.get_by_role("link", name="Older").click()
    expect(rows).to_have_count(12)
    admin.get_by_role("link", name="Newest").click()
    admin.get_by_label("Outcome").select_option("Denied")
    admin.get_by_role("button", name="Filter").click()
    expect(rows).to_have_count(1)
    with admin.expect_download() as started:
        admin.get_by_role("link", name="Export CSV").click()
    download = started.value
    assert download.suggested_filename.startswith("account-activity-zoe-tremblay-")
    content = download.path().read_bytes().decode("utf-8-sig")
    assert content.count("\r\n") == 2
    assert "on pause" in content
    admin.get_by_role("link", name="Clear").click()
    expect(rows).to_have_count(50)


def test_the_language_is_switched_from_the_menu(admin: Page, office: Office) -> None:
    """And stays; then back."""
    admin.goto(f"{office.url}{ACTIVITY}")
    admin.get_by_role("button", name="Your menu").click()
    admin.get_by_role("button", name="Français").click()
    expect(admin.get_by_role("link", name="Activité du compte")).to_be_visible()
    expect(admin.locator("html")).to_have_attribute("lang", "fr")
    admin.goto(f"{office.url}/admin/facility/create")
    expect(admin.locator(".select2-selection").first).to_contain_text("Rechercher…")
    admin.goto(f"{office.url}/admin/staff/list")
    expect(admin.get_by_role("link", name="Ajouter : membre du personnel")).to_be_visible()
    admin.get_by_role("button", name="Votre menu").click()
    admin.get_by_role("button", name="English").click()
    expect(admin.get_by_role("link", name="New staff member")).to_be_visible()


def test_the_theme_follows_the_device_or_the_choice(admin: Page, context: BrowserContext, office: Office) -> None:
    """Auto is the device's, dark is dark."""
    html = admin.locator("html")
    admin.emulate_media(color_scheme="dark")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    admin.emulate_media(color_scheme="light")
    expect(html).to_have_attribute("data-bs-theme", "light")
    admin.get_by_role("button", name="Your menu").click()
    admin.get_by_role("button", name="Dark").click()
    expect(html).to_have_attribute("data-bs-theme", "dark")


def test_a_scan_appears_by_itself(admin: Page, office: Office) -> None:
    """A row, its face and the counts, without a reload and without a second copy; late ones in their place."""
    admin.goto(f"{office.url}/admin/")
    expect(admin.get_by_text("No scans yet")).to_be_visible()
    expect(admin.locator("[data-live-status]")).to_have_attribute("data-state", "live")
    admin.evaluate("window.isSamePage = true")
    rows = admin.locator("[data-rows] > li")
    with office.database.write() as session:
        event(session, occurred_at=_now(), person_id="home-zoe", pass_name="Swim pass", pass_type="multipass")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Swim pass")
    expect(rows.first.locator("img.face")).to_have_js_property("complete", True)
    expect(rows.first.locator("img.face")).not_to_have_js_property("naturalWidth", 0)
    expect(admin.locator("[data-count=granted]")).to_have_text("1")
    with office.database.write() as session:
        event(
            session,
            occurred_at=_now(0),
            person_id="home-cmd",
            kind="denied",
            outcome="denied",
            reasons=["card_revoked"],
        )
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(EVIL)
    with office.database.write() as session:
        event(session, occurred_at=_now(0.05), person_id="home-emile", flags=["late"])
        event(session, organization="elsewhere", occurred_at=_now())
    expect(rows).to_have_count(3)
    expect(admin.locator("[data-count=inside]")).to_have_text("2")
    assert admin.evaluate("window.isSamePage") is True


def test_a_scan_appears_within_a_second(admin: Page, office: Office) -> None:
    """From the commit to the row in the page."""
    admin.goto(f"{office.url}/admin/")
    expect(admin.locator("[data-live-status]")).to_have_attribute("data-state", "live")
    rows, number = admin.locator("[data-rows] > li"), itertools.count(1)

    def seconds() -> float:
        with office.database.write() as session:
            event(session, occurred_at=_now(), person_id="home-zoe")
        committed = time.monotonic()
        expect(rows).to_have_count(next(number))
        return time.monotonic() - committed

    assert fastest(seconds, limit=1) < 1


def test_an_enrolment_code_is_made(admin: Page, office: Office) -> None:
    """Shown large, once."""
    admin.get_by_role("link", name="Devices").click()
    admin.get_by_label("Name of the device").fill("Back door")
    admin.get_by_label("Gym").check()
    admin.get_by_role("button", name="Make a code").click()
    code = admin.locator("#code").inner_text()
    assert len(code) == 9
    admin.get_by_role("link", name="Done").click()
    expect(admin.locator("#code")).to_have_count(0)
    expect(admin.locator("body")).not_to_contain_text(code)
    assert code not in admin.content()


def test_a_list_is_filtered_sorted_and_exported_under_the_policy(admin: Page, office: Office) -> None:
    """The frame's own scripts work with the content policy: page size, row action, export."""
    admin.goto(f"{office.url}/admin/person/list")
    admin.get_by_label("Page size").select_option("50")
    admin.wait_for_url("**page_size=50**")
    with admin.expect_download() as started:
        admin.get_by_text("Export", exact=True).first.click()
        admin.locator(".modal.show").get_by_text("Export", exact=True).click()
    assert "'=cmd()" in started.value.path().read_text(encoding="utf-8-sig")
    admin.goto(f"{office.url}/admin/facility/create")
    admin.get_by_label("Name (English)").fill("Splash pad")
    admin.locator(".select2-selection").first.click()
    admin.locator(".select2-search__field").fill("Main")
    admin.locator(".select2-results__option", has_text="Main building").first.click()
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("added successfully")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (360, 740)])
def test_every_page_fits_is_labelled_and_loads_nothing_from_elsewhere(
    admin: Page, office: Office, width: int, height: int
) -> None:
    """No sideways scrolling, one heading, a label for each field, a name for each button and link."""
    with office.database.write() as session:
        event(
            session, occurred_at=_now(), person_id="home-cmd", pass_name="x" * 60, pass_type="multipass", note="y" * 190
        )
    resize(admin, width, height)
    for path in PAGES:
        admin.goto(f"{office.url}{path}")
        settle(admin)
        assert admin.evaluate("document.documentElement.scrollWidth") <= width, path
        assert admin.locator("h1").count() == 1, path
        unnamed = admin.evaluate(
            """() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a[href]")]
                .filter((each) => each.checkVisibility() && !each.closest("[aria-hidden=true]"))
                .filter((each) => !(each.labels?.length || each.getAttribute("aria-label") || each.title
                    || each.placeholder || each.textContent.trim()
                    || each.querySelector("img[alt]:not([alt=''])")))
                .map((each) => each.outerHTML.slice(0, 200))"""
        )
        assert unnamed == [], path


def test_every_text_has_enough_contrast(admin: Page, office: Office) -> None:
    """WCAG AA, measured on what Chromium painted."""
    with office.database.write() as session:
        event(session, occurred_at=_now(), flags=["late"], pass_name="Swim pass", pass_type="multipass")
        event(session, occurred_at=_now(), kind="denied", outcome="denied", reasons=["card_revoked"])
        event(session, occurred_at=_now(), kind="review_requested", outcome="review", reasons=["notify_staff"])
    for path in PAGES:
        admin.goto(f"{office.url}{path}")
        assert (path, faint_texts(admin, "dark"), faint_texts(admin, "light")) == (path, [], [])


def test_by_keyboard_alone(admin: Page, office: Office) -> None:
    """The first stop leaps to the content; the search answers to typing; the tabs are links."""
    admin.goto(f"{office.url}/admin/accounts/home-account")
    admin.keyboard.press("Tab")
    expect(admin.get_by_role("link", name="Skip to the content")).to_be_focused()
    admin.keyboard.press("Enter")
    expect(admin).to_have_url(re.compile(r"#content$"))
