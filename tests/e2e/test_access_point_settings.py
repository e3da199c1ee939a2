"""An admin changes an access point in a real browser, and a real connected door decides by it within a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from gatehouse.demo.doors import DemoDoor
from gatehouse.demo.people import by_key
from gatehouse.demo.sample import TIME_ZONE
from gatehouse.demo.venue import ADMIN_EMAIL, Venue
from server.db import Database
from server.models import Event
from tests.chromium import Scheme, faint_texts
from tests.patience import PATIENCE_S, wait_until

pytestmark = pytest.mark.browser
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture(scope="module")
def venue() -> Iterator[Venue]:
    with Venue(say=lambda text: None) as running:
        yield running


@pytest.fixture(scope="module")
def centre(venue: Venue) -> Iterator[Database]:
    """The centre's database, to read what the doors told it."""
    opened = venue.open_database()
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Browser, venue: Venue) -> Iterator[Page]:
    """The pool's page, of an admin who has logged in."""
    opened = browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto(f"{venue.settings.browser_url}/admin")
    opened.fill("input[type=email]", ADMIN_EMAIL)
    opened.fill("input[type=password]", venue.password)
    opened.keyboard.press("Enter")
    opened.wait_for_url("**/admin/")
    opened.goto(f"{venue.settings.browser_url}/admin/access-point/detail?pk=pool")
    expect(opened.get_by_role("heading", level=1)).to_have_text("Pool entrance")
    yield opened
    opened.close()
    assert wrong == []


def seq(door: DemoDoor) -> int:
    """Up to where the door's cache has the centre's feed."""
    return int(httpx.get(f"{door.url}/health", timeout=PATIENCE_S).json()["cache"]["seq"])


class Watch:
    """Notes when (on this machine's clock) each door's cache moves on."""

    def __init__(self, doors: dict[str, DemoDoor]) -> None:
        self.before = {name: seq(door) for name, door in doors.items()}
        self.moved_at: dict[str, float] = {}
        self._threads = [threading.Thread(target=self._look, args=(name, door)) for name, door in doors.items()]
        for thread in self._threads:
            thread.start()

    def _look(self, name: str, door: DemoDoor) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if seq(door) > self.before[name]:
                self.moved_at[name] = time.time()
                return
            time.sleep(0.003)

    def wait(self) -> None:
        """Until every door has moved."""
        for thread in self._threads:
            thread.join()


def save(page: Page, venue: Venue) -> float:
    """Saves the page: seconds from the response's first byte until the last door's cache has the change."""
    watch = Watch(venue.doors)
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        page.get_by_role("button", name="Publish", exact=True).click()
    assert answered.value.status == 303
    timing = answered.value.request.timing
    watch.wait()
    expect(page.get_by_text("Published. Connected doors follow")).to_be_visible()
    answered_at = (timing["startTime"] + timing["responseStart"]) / 1000
    took_s = {name: at - answered_at for name, at in watch.moved_at.items()}
    print("in force after the save response:", {name: f"{each * 1000:.0f} ms" for name, each in took_s.items()})
    assert set(took_s) == set(venue.doors)
    return max(took_s.values())


def scan(venue: Venue, centre: Database, who: str) -> tuple[str, list[str]]:
    """A person's card is read at the pool: the outcome and the reasons, as the door recorded them."""
    before = events(centre, who)
    venue.doors["pool"].present(by_key()[who], "barcode")
    new: list[tuple[str, list[str]]] = wait_until(lambda: events(centre, who)[len(before) :], what="the scan's record")
    return new[0]


def events(centre: Database, who: str) -> list[tuple[str, list[str]]]:
    """What the centre has of a person, oldest first."""
    with centre.read() as session:
        rows = session.scalars(select(Event).where(Event.person_id == who).order_by(Event.seq)).all()
        return [(str(row.outcome), list(row.reasons)) for row in rows]


def test_a_changed_setting_decides_at_the_door_within_a_second(page: Page, venue: Venue, centre: Database) -> None:
    """Ana owes money: let in as long as the pool ignores it, refused as soon as an admin says so."""
    page.get_by_label("Within", exact=True).fill("0")
    took_s = [save(page, venue)]
    assert scan(venue, centre, "ana") == ("granted", [])
    balance = page.get_by_role("group", name="Unpaid balance")
    balance.get_by_text("Deny").click()
    balance.get_by_label("Only above").fill("44,99")
    took_s.append(save(page, venue))
    assert scan(venue, centre, "ana") == ("denied", ["balance_due"])
    expect(balance.get_by_label("Only above")).to_have_value("44.99")
    balance.get_by_label("Only above").fill("45")
    took_s.append(save(page, venue))
    assert scan(venue, centre, "ana") == ("granted", [])
    assert min(took_s) < 1, "a busy machine adds to one save or another, not to all"


def test_opening_hours_close_the_door_and_open_it_again(page: Page, venue: Venue, centre: Database) -> None:
    """Rows are added and removed in the browser; outside the hours everyone is refused."""
    another = (datetime.now(UTC).astimezone(ZoneInfo(TIME_ZONE)) + timedelta(days=3)).strftime("%A")
    hours = page.get_by_role("group", name="Opening hours").first
    hours.get_by_role("button", name="Add hours").click()
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"):
        hours.get_by_role("checkbox", name=day).set_checked(day == another, force=True)
    hours.get_by_label("From").fill("20:00")
    hours.get_by_label("To", exact=True).fill("02:00")
    expect(hours.get_by_text("the next day", exact=True)).to_be_visible()
    save(page, venue)
    assert scan(venue, centre, "maya") == ("denied", ["access_point_closed"])
    page.get_by_role("button", name="Remove these hours").click()
    expect(page.get_by_text("Always open.")).to_be_visible()
    save(page, venue)
    assert scan(venue, centre, "maya") == ("granted", [])


def test_the_page_works_without_its_script(browser: Browser, venue: Venue, page: Page) -> None:
    """The same buttons, answered by the server; what was typed is still there."""
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(page.url)
    plain.get_by_label("Tell staff from").fill("12")
    plain.get_by_role("button", name="Add an access type").click()
    expect(plain.get_by_role("group", name="Access type", exact=True)).to_have_count(4)
    expect(plain.get_by_label("Tell staff from")).to_have_value("12")
    context.close()


def test_an_access_type_is_added_chosen_and_moved_in_the_browser(page: Page, venue: Venue) -> None:
    """By name; the list follows the type; the order is the one on the screen."""
    page.get_by_role("button", name="Add an access type").click()
    rule = page.get_by_role("group", name="Access type", exact=True).last
    rule.get_by_label("Access type", exact=True).select_option(label="Sessions")
    rule.get_by_text("Chosen ones").click()
    rule.get_by_label("Swim level 3").check()
    rule.get_by_text("Shortly before and during").click()
    rule.get_by_label("Opens before the start").fill("20")
    rule.get_by_role("button", name="Move up").click()
    save(page, venue)
    rules = page.get_by_role("group", name="Access type", exact=True)
    expect(rules).to_have_count(4)
    expect(rules.nth(2).get_by_label("Swim level 3")).to_be_checked()
    expect(rules.nth(2).get_by_label("Opens before the start")).to_have_value("20")
    rules.nth(2).get_by_role("button", name="Remove this access type").click()
    save(page, venue)
    expect(rules).to_have_count(3)


def test_a_refused_value_is_shown_beside_its_field_and_is_readable(page: Page) -> None:
    """Focus goes to the first; every text of the page has enough contrast, in light and in dark."""
    pulse = page.get_by_label("Unlocked for")
    pulse.fill("soon")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(pulse).to_be_focused()
    expect(pulse).to_have_accessible_description("Type seconds, such as 3 or 0.5.")
    expect(pulse).to_have_value("soon")
    for scheme in SCHEMES:
        assert faint_texts(page, scheme) == [], scheme
    pulse.fill("3")
    page.evaluate("document.querySelector('[data-point]').dispatchEvent(new Event('submit'))")
