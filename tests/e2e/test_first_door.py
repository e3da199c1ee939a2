"""One real scan, from the card to Account activity, in a real browser: the door, its page, the centre, the office."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from gatehouse.demo.people import by_key
from gatehouse.demo.venue import ADMIN_EMAIL, Venue
from tests.patience import fastest, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def venue() -> Iterator[Venue]:
    with Venue(say=lambda text: None) as running:
        yield running


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
        wait_until(lambda page=page: mode(page) == "idle", what="the idle page")
    venue.doors["pool"].present(maya, "barcode")
    wait_until(lambda: "Bienvenue, Maya" in pool.inner_text("body"), what="the welcome")
    assert pool.evaluate("document.body.dataset.outcome") == "granted"
    venue.doors["pool"].present(ewa, "camera")
    wait_until(lambda: pool.evaluate("document.body.dataset.outcome") == "review", what="the review")
    assert "allergy" not in pool.inner_text("body").lower(), "a memo is for staff"
    venue.doors["gym"].present(maya, "nfc")
    wait_until(lambda: "Bienvenue, Maya" in gym.inner_text("body"), what="the welcome at the gym")
    office = browser.new_page()
    sign_in(office, venue)

    def activity() -> str:
        office.goto(f"{venue.settings.browser_url}/admin/accounts/tremblay/activity")
        return office.inner_text("main, body")

    text = wait_until(lambda: found if (found := activity()).count("Maya Tremblay") >= 2 else None, what="both rows")
    assert "Pool entrance" in text
    assert "Gym entrance" in text
    assert "Family membership" in text
    for page in (pool, gym, office):
        page.close()


def test_the_page_says_within_a_second_when_its_agent_is_gone(venue: Venue, browser: Browser) -> None:
    """SIGKILL, then back by itself; nothing to press."""
    page = browser.new_page()
    page.goto(venue.doors["gym"].kiosk_url)
    wait_until(lambda: mode(page) == "idle", what="the idle page")

    def seconds() -> float:
        venue.doors["gym"].agent.kill()
        killed_at = time.monotonic()
        wait_until(lambda: mode(page) == "gone", what="saying that the door is gone")
        took_s = time.monotonic() - killed_at
        assert "not answering" in page.inner_text("body")
        venue.doors["gym"].agent.start()
        wait_until(lambda: mode(page) == "idle", what="being back")
        return took_s

    assert fastest(seconds, limit=1.1) < 1.1
    page.close()


def test_the_door_goes_on_without_the_centre_and_says_so(venue: Venue, browser: Browser) -> None:
    """Offline with the data's age, then connected again, and the scan made meanwhile is recorded."""
    page = browser.new_page()
    page.goto(venue.doors["pool"].kiosk_url)
    wait_until(lambda: mode(page) == "idle", what="the idle page")
    venue.centre.stop()
    wait_until(lambda: "Offline" in page.inner_text("body"), what="saying that it is offline")
    venue.doors["pool"].present(by_key()["omar"], "barcode")
    wait_until(lambda: page.evaluate("document.body.dataset.outcome") == "granted", what="the grant")
    venue.centre.start()
    venue.centre.wait_until_ready()
    office = browser.new_page()
    sign_in(office, venue)

    def is_recorded() -> bool:
        office.goto(f"{venue.settings.browser_url}/admin/accounts/haddad/activity")
        return office.locator("tbody tr", has_text="Omar Haddad").count() == 1

    wait_until(is_recorded, what="the offline scan's row")
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
