"""One real scan, from the card to Account activity, in a real browser: the door, its page, the centre, the office."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from gatehouse.demo.people import by_key
from gatehouse.demo.venue import ADMIN_EMAIL, Venue
from tests.chromium import launch

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def venue() -> Iterator[Venue]:
    with Venue(say=lambda text: None) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


def wait_for(is_so: Callable[[], object], *, timeout_s: float, what: str) -> None:
    """Waits until something is so."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < timeout_s, f"{what} did not happen within {timeout_s} s"
        time.sleep(0.02)


def mode(page: Page) -> str:
    """What the visitor page shows: idle, verdict, gone or out."""
    return str(page.evaluate("document.body.dataset.mode ?? ''"))


def test_a_card_becomes_a_row_of_account_activity(venue: Venue, browser: Browser) -> None:
    """Barcode, camera and NFC: the kiosk answers in the participant's language, the office has the rows."""
    maya, ewa = by_key()["maya"], by_key()["ewa"]
    pool, gym = browser.new_page(), browser.new_page()
    pool.goto(venue.doors["pool"].kiosk_url)
    gym.goto(venue.doors["gym"].kiosk_url)
    for page in (pool, gym):
        wait_for(lambda page=page: mode(page) == "idle", timeout_s=10, what="the idle page")
    venue.doors["pool"].present(maya, "barcode")
    wait_for(lambda: "Bienvenue, Maya" in pool.inner_text("body"), timeout_s=5, what="the welcome")
    assert pool.evaluate("document.body.dataset.outcome") == "granted"
    venue.doors["pool"].present(ewa, "camera")
    wait_for(lambda: pool.evaluate("document.body.dataset.outcome") == "review", timeout_s=8, what="the review")
    assert "allergy" not in pool.inner_text("body").lower(), "a memo is for staff"
    venue.doors["gym"].present(maya, "nfc")
    wait_for(lambda: "Bienvenue, Maya" in gym.inner_text("body"), timeout_s=5, what="the welcome at the gym")
    office = browser.new_page()
    sign_in(office, venue)
    office.goto(f"{venue.settings.browser_url}/admin/accounts/tremblay/activity")
    text = office.inner_text("main, body")
    assert text.count("Maya Tremblay") >= 2
    assert "Pool entrance" in text
    assert "Gym entrance" in text
    assert "Family membership" in text
    for page in (pool, gym, office):
        page.close()


def test_the_page_says_within_a_second_when_its_agent_is_gone(venue: Venue, browser: Browser) -> None:
    """SIGKILL, then back by itself; nothing to press."""
    page = browser.new_page()
    page.goto(venue.doors["gym"].kiosk_url)
    wait_for(lambda: mode(page) == "idle", timeout_s=10, what="the idle page")
    venue.doors["gym"].agent.kill()
    # One second is the promise; half a second more is for a test machine that has other things to do.
    wait_for(lambda: mode(page) == "gone", timeout_s=1.5, what="saying that the door is gone")
    assert "not answering" in page.inner_text("body")
    venue.doors["gym"].agent.start()
    wait_for(lambda: mode(page) == "idle", timeout_s=10, what="being back")
    page.close()


def test_the_door_goes_on_without_the_centre_and_says_so(venue: Venue, browser: Browser) -> None:
    """Offline with the data's age, then connected again, and the scan made meanwhile is recorded."""
    page = browser.new_page()
    page.goto(venue.doors["pool"].kiosk_url)
    wait_for(lambda: mode(page) == "idle", timeout_s=10, what="the idle page")
    venue.centre.stop()
    wait_for(lambda: "Offline" in page.inner_text("body"), timeout_s=15, what="saying that it is offline")
    venue.doors["pool"].present(by_key()["omar"], "barcode")
    wait_for(lambda: page.evaluate("document.body.dataset.outcome") == "granted", timeout_s=5, what="the grant")
    venue.centre.start()
    venue.centre.wait_until_ready()
    office = browser.new_page()
    sign_in(office, venue)

    def is_recorded() -> bool:
        office.goto(f"{venue.settings.browser_url}/admin/accounts/haddad/activity")
        return office.locator("tbody tr", has_text="Omar Haddad").count() == 1

    wait_for(is_recorded, timeout_s=20, what="the offline scan's row")
    assert "ffline" in office.inner_text("tbody")
    page.close()
    office.close()


def sign_in(page: Page, venue: Venue) -> None:
    """Signs in with this run's login."""
    page.goto(f"{venue.settings.browser_url}/admin")
    page.fill("input[type=email]", ADMIN_EMAIL)
    page.fill("input[type=password]", venue.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")
