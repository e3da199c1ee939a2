"""The doors' pages in Chromium: what changes is seen without a reload, in both languages, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from access.wire.enrolment import ENROLL_PATH, Enrolment, EnrolmentRequest
from server.models import AccessPoint, Device, DeviceCommand, DeviceMark, Staff, utc_now
from tests.chromium import faint_texts, resize
from tests.patience import PATIENCE_S

STATE: dict[str, Any] = {"connection": "online", "last_seq": 412, "waiting": 0, "clock": "trusted"}


@pytest.fixture
def door(office: Any) -> Iterator[str]:
    """A door of the sample's organization that has said how it is; gone afterwards."""
    with office.database.write() as session:
        pool = session.get_one(AccessPoint, "home-pool")
        session.add(
            Device(
                id="live-door",
                organization_id="home",
                site_id=pool.site_id,
                name="Live door",
                secret_hash="3" * 64,
                version="0.0.1",
                last_seen_at=utc_now(),
                last_state=STATE | {"readers": {"front": "ready"}},
                access_points=[pool],
            )
        )
        session.flush()
        session.add(DeviceMark(device_id="live-door", through_seq=411, max_seq=411))
    yield "live-door"
    with office.database.write() as session:
        for command in session.scalars(select(DeviceCommand)):
            session.delete(command)
        session.delete(session.get_one(DeviceMark, "live-door"))
        session.flush()
        session.delete(session.get_one(Device, "live-door"))


def test_the_list_and_a_doors_page_follow_what_it_says(admin: Page, office: Any, door: str) -> None:
    """Another event recorded, a reader lost, gone: seen as it happens, while a form stays as it was typed."""
    admin.goto(f"{office.url}/admin/devices")
    row = admin.locator(f"tr[data-device={door}]")
    expect(row).to_contain_text("411 of 412")
    expect(row).to_contain_text("Connected")
    with office.database.write() as session:
        session.get_one(DeviceMark, door).through_seq = 412
        session.get_one(DeviceMark, door).max_seq = 412
    expect(row).to_contain_text("412 of 412")
    row.get_by_role("link", name="Live door").click()
    expect(admin.get_by_role("heading", name="Live door")).to_be_visible()
    admin.get_by_label("Name of the device").fill("Half typed")
    with office.database.write() as session:
        session.get_one(Device, door).last_state = STATE | {"readers": {"front": "lost"}, "waiting": 60}
    expect(admin.get_by_text("A reader is lost: front.")).to_be_visible()
    expect(admin.get_by_text("60 events wait at the door.")).to_be_visible()
    with office.database.write() as session:
        session.get_one(Device, door).last_state = STATE | {"connection": "offline"}
    expect(admin.get_by_text("Away", exact=True)).to_be_visible()
    expect(admin.get_by_label("Name of the device")).to_have_value("Half typed")


def test_a_request_and_its_outcome(admin: Page, office: Any, door: str) -> None:
    """By keyboard; the answer comes by itself."""
    admin.goto(f"{office.url}/admin/devices/{door}")
    admin.get_by_role("button", name="Wipe now").focus()
    admin.keyboard.press("Enter")
    expect(admin.get_by_text("The door is asked to wipe itself.")).to_be_visible()
    asked = admin.locator("tr[data-command=wipe]")
    expect(asked).to_contain_text("Not answered yet")
    with office.database.write() as session:
        row = session.scalars(select(DeviceCommand)).one()
        row.answer, row.answered_at = "done", utc_now()
    expect(asked).to_contain_text("Done")


def test_a_code_turns_into_the_door_that_used_it(admin: Page, office: Any) -> None:
    """QR and countdown, then the name and the fingerprint that the door shows, without a reload."""
    admin.goto(f"{office.url}/admin/devices")
    admin.get_by_label("Name of the device").fill("Side door")
    admin.get_by_label("Gym").check()
    admin.get_by_role("button", name="Make a code").click()
    code = admin.locator("#code").inner_text()
    expect(admin.get_by_alt_text("The code as a QR picture")).to_be_visible()
    expect(admin.locator("[data-ends-at]")).to_have_text(re.compile(r"^(\d:\d\d|10:00)$"))
    answer = httpx.post(office.url + ENROLL_PATH, content=EnrolmentRequest(code=code).to_bytes(), timeout=PATIENCE_S)
    identity = Enrolment.from_bytes(answer.content)
    expect(admin.get_by_text("Enrolled: Side door")).to_be_visible()
    expect(admin.get_by_text(identity.fingerprint)).to_be_visible()
    expect(admin.locator("#code")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pages_fit_and_can_be_read(admin: Page, office: Any, door: str, language: str) -> None:
    """On a desk and on a phone, in light and dark: no sideways scrolling, nothing faint."""
    with office.database.write() as session:
        for staff in session.scalars(select(Staff).where(Staff.email == "admin@example.org")):
            staff.language = language
        session.get_one(Device, door).last_state = STATE | {
            "connection": "offline",
            "clock": "untrusted",
            "waiting": 37,
            "readers": {"front": "lost", "a-reader-with-a-name-as-long-as-one-may-be-and-then-some-more": "ready"},
            "free_mb": 12,
        }
    try:
        for path in ("/admin/devices", f"/admin/devices/{door}"):
            admin.goto(office.url + path)
            expect(admin.locator("html")).to_have_attribute("lang", language)
            for width, height in ((1440, 900), (360, 740)):
                resize(admin, width, height)
                assert admin.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            assert faint_texts(admin, "light") == [], path
            assert faint_texts(admin, "dark") == [], path
    finally:
        with office.database.write() as session:
            for staff in session.scalars(select(Staff).where(Staff.email == "admin@example.org")):
                staff.language = "en"
