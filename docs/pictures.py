"""Takes the pictures of the documentation from the running demo: `make pictures` (needs Debian's chromium)."""

from __future__ import annotations

import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from gatehouse.demo.people import by_key
from gatehouse.demo.venue import ADMIN_EMAIL, Venue
from gatehouse.demo.wall import CardWall
from tests.chromium import launch

IMAGES = Path(__file__).parent / "images"


def main() -> None:
    """Starts the venue, presents cards, saves pictures."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright, Venue(say=print) as venue:
        browser = launch(playwright)
        kiosk_pictures(browser, venue)
        wall_picture(browser, venue)
        office_pictures(browser, venue)
        browser.close()


def shot(page: Page, name: str) -> None:
    """Saves a picture of the page."""
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"wrote docs/images/{name}.png")


def kiosk_pictures(browser: Browser, venue: Venue) -> None:
    """The visitor page: idle, granted in French, denied."""
    people, door = by_key(), venue.doors["pool"]
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(door.kiosk_url)
    page.wait_for_selector("body[data-mode=idle]")
    time.sleep(3)  # the door fetches the pictures of its people
    shot(page, "kiosk-idle")
    for key, name in (("omar", "kiosk-granted"), ("lea", "kiosk-birthday"), ("camille", "kiosk-denied")):
        door.present(people[key], "barcode")
        page.wait_for_selector("body[data-mode=verdict]")
        time.sleep(0.6)
        shot(page, name)
        page.wait_for_selector("body[data-mode=idle]")
    page.close()


def wall_picture(browser: Browser, venue: Venue) -> None:
    """The card wall beside two doors."""
    wall = CardWall(venue, venue.ports.take(8610))
    wall.start()
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(wall.url)
    page.wait_for_selector("article.card img")
    venue.doors["pool"].present(by_key()["maya"], "barcode")
    venue.doors["gym"].present(by_key()["ana"], "nfc")
    time.sleep(0.8)
    shot(page, "card-wall")
    page.close()
    wall.close()


def office_pictures(browser: Browser, venue: Venue) -> None:
    """The back office: check-in overview and an account's activity."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{venue.settings.browser_url}/admin")
    page.fill("input[type=email]", ADMIN_EMAIL)
    page.fill("input[type=password]", venue.password)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Live")
    time.sleep(1)
    shot(page, "check-in-overview")
    page.goto(f"{venue.settings.browser_url}/admin/accounts/tremblay/activity")
    page.wait_for_load_state("networkidle")
    shot(page, "account-activity")
    page.close()


if __name__ == "__main__":
    main()
