"""Drafts, the report and attendance in a real Chromium: done with the page's own controls, readable at every size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from access.domain.registrations import ActivityKind
from server.models import (
    AccessPoint,
    AccessPointVersion,
    Activity,
    Event,
    Occurrence,
    Registration,
    Staff,
    utc_now,
)
from tests.chromium import Scheme, faint_texts, resize, settle
from tests.component.server_web.sample import event
from tests.e2e.back_office.conftest import Office

pytestmark = pytest.mark.browser
SIZES = ((1440, 900), (390, 844), (360, 640))


@pytest.fixture(autouse=True)
def _busy_day(office: Office) -> Iterator[None]:
    """Entries and refusals, and a class that goes on; gone afterwards."""
    now = utc_now()
    with office.database.write() as session:
        for minutes in range(0, 60, 5):
            event(session, occurred_at=now - timedelta(minutes=minutes))
        event(session, occurred_at=now, kind="denied", outcome="denied", reasons=["balance_due"])
        own = {"organization_id": "home"}
        session.add(Activity(id="yoga", kind=ActivityKind.SESSION, name_en="Yoga", name_fr="Yoga doux", **own))
        session.flush()
        times = {"starts_at": now - timedelta(minutes=1), "ends_at": now + timedelta(minutes=5)}
        session.add(Occurrence(id="yoga-now", activity_id="yoga", **times))
        held = {"person_id": "home-emile", "account_id": "home-account", "activity_id": "yoga"}
        session.add(Registration(id="yoga-emile", **held, **own))
        session.get_one(AccessPoint, "home-gym").settings = {
            "access_rules": [{"type": "session"}],
            "attendance": {"is_on": True, "has_check_out": True, "has_daily_notes": True},
        }
    yield
    with office.database.write() as session:
        session.execute(delete(Event))
        for each in session.scalars(select(AccessPointVersion)):
            session.delete(each)
        session.delete(session.get_one(Registration, "yoga-emile"))
        session.flush()
        session.delete(session.get_one(Activity, "yoga"))
        point = session.get_one(AccessPoint, "home-gym")
        point.settings, point.draft, point.draft_by, point.draft_at = {}, None, None, None
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = "en"  # type: ignore[assignment]


def speak(office: Office, language: str) -> None:
    """The admin reads in this language."""
    with office.database.write() as session:
        session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one().language = language  # type: ignore[assignment]


def misfits(page: Page) -> list[str]:
    """At each size sideways scrolling, in each scheme texts too faint."""
    found: list[str] = []
    for width, height in SIZES:
        resize(page, width, height)
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"{wide} wide at {width}")
    schemes: tuple[Scheme, ...] = ("light", "dark")
    for scheme in schemes:
        found += [f"{scheme}: {each}" for each in faint_texts(page, scheme)]
    resize(page, *SIZES[0])
    return found


def test_a_draft_is_kept_compared_published_and_brought_back(admin: Page, office: Office) -> None:
    """With the page's own buttons; the doors' rules change once."""
    admin.goto(f"{office.url}/admin/access-point/edit?pk=home-gym")
    admin.get_by_role("group", name="No access picture").get_by_text("Deny", exact=True).click()
    admin.get_by_role("button", name="Save as a draft").last.click()
    expect(admin.get_by_role("heading", name="Draft by Alex Admin")).to_be_visible()
    expect(admin.locator("ins")).to_have_text("No access picture: Deny")
    assert misfits(admin) == []
    admin.get_by_role("button", name="Publish", exact=True).last.click()
    expect(admin.get_by_text("Published. Connected doors follow")).to_be_visible()
    admin.get_by_role("link", name="History").click()
    expect(admin.get_by_role("heading", name="Version 2")).to_be_visible()
    assert misfits(admin) == []
    admin.get_by_role("button", name="Restore version 1 as a draft").click()
    expect(admin.get_by_role("heading", name="Draft by Alex Admin")).to_be_visible()
    admin.get_by_role("button", name="Discard the draft").click()
    expect(admin.get_by_role("heading", name="Draft by Alex Admin")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_report_is_looked_at_and_filtered(admin: Page, office: Office, language: str) -> None:
    """Charts have names, numbers stand beside them, the filters are a form."""
    speak(office, language)
    today = utc_now().date()
    days = f"from={today - timedelta(days=2)}&to={today + timedelta(days=1)}"
    admin.goto(f"{office.url}/admin/report?period=custom&{days}")
    expect(admin.get_by_role("img")).not_to_have_count(0)
    expect(admin.locator(".report-total strong")).to_have_text("12")
    settle(admin)
    assert misfits(admin) == []
    admin.locator("#what").select_option("refused")
    admin.locator("#group").select_option("access_point")
    admin.locator("#period").locator("xpath=ancestor::form").locator("button").click()
    expect(admin.locator(".report-total strong")).to_have_text("1")
    expect(admin.locator("section[aria-labelledby=groups] tbody tr")).to_have_count(1)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_somebody_is_marked_on_a_list(admin: Page, office: Office, language: str) -> None:
    """By one button; the list says so, and the other buttons follow."""
    speak(office, language)
    with office.database.read() as session:
        began = session.get_one(Occurrence, "yoga-now").starts_at.astimezone(ZoneInfo("America/Toronto"))
    admin.goto(f"{office.url}/admin/attendance?day={began.date()}")
    row = admin.locator("tr", has_text="Émile Tremblay")
    row.locator("button[value=in]").click()
    expect(row.locator(".state-in")).to_be_visible()
    expect(row.locator("button[value=in]")).to_have_count(0)
    assert misfits(admin) == []
    row.locator("button[value=out]").click()
    expect(row.locator(".state-out")).to_be_visible()
