"""Takes the pictures of the documentation from the running demo: `make pictures` (needs Debian's chromium)."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from gatehouse.demo.people import by_key
from gatehouse.demo.venue import ADMIN_EMAIL, Venue
from gatehouse.demo.wall import CardWall
from tests.chromium import launch, settle

IMAGES = Path(__file__).parent / "images"
_COLOURS = 256
_PICTURES_ARE_THERE = (
    "() => [...document.images].every((each) => each.complete || each.getBoundingClientRect().top > innerHeight)"
)
_SCANS = {
    "pool": ("maya", "noah", "ines", "hugo", "nguyen-0", "nguyen-2", "smith-1", "yusuf", "zoe", "priya", "grace"),
    "gym": ("luc", "sam", "antoine", "ana", "maya", "marc", "lavoie-1", "wei"),
}
"""Who goes where before the pictures of the back office, so that its pages have something to show."""


def main() -> None:
    """Starts the venue, presents cards, saves pictures."""
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright, Venue(say=print) as venue:
        browser = launch(playwright)
        kiosk_pictures(browser, venue)
        wall_picture(browser, venue)
        busy_hour(venue)
        desk_picture(browser, venue)
        office_pictures(browser, venue)
        browser.close()


def shot(page: Page, name: str) -> None:
    """Saves a picture of what the window shows, with few colours, which makes the file a third."""
    drawn = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    drawn.quantize(_COLOURS, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)
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


def busy_hour(venue: Venue) -> None:
    """Many people at both doors."""
    for name, keys in _SCANS.items():
        for key in keys:
            venue.doors[name].present(by_key()[key], "nfc" if name == "gym" else "barcode")
            time.sleep(0.8)


def desk_picture(browser: Browser, venue: Venue) -> None:
    """The desk of the pool: somebody needs a look."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(venue.doors["pool"].desk_url)
    page.wait_for_selector("body[data-mode=pad]")
    page.keyboard.type(venue.pin)
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-mode=desk]")
    venue.doors["pool"].present(by_key()["ewa"], "barcode")
    page.get_by_role("button", name="Approve").wait_for()
    time.sleep(0.5)
    shot(page, "desk")
    page.close()


def office_pictures(browser: Browser, venue: Venue) -> None:
    """The back office, as docs/admin.md shows it."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    log_in(page, venue)
    page.wait_for_selector("text=Live")
    shown = picture_of(page, venue)
    shown("check-in-overview", "/")
    shown("clients", "/accounts")
    shown("account", "/accounts/tremblay")
    shown("member", "/accounts/tremblay/members/lea")
    shown("access-picture", "/accounts/tremblay/pictures/maya")
    shown("cards", "/accounts/tremblay/cards")
    shown("account-activity", "/accounts/tremblay/activity")
    shown("why", "/accounts/account-hugo/activity", before=lambda: page.get_by_role("link", name="Why?").first.click())
    shown("access-point-draft", "/access-point/detail?pk=gym")
    shown("report", "/report?period=today")
    shown("attendance", "/attendance")
    shown("device", "/devices", before=lambda: page.get_by_role("link", name="Piscine · Pool").click())
    shown("roles", "/roles")
    speak_french(page)
    shown("account-activity-fr", "/accounts/tremblay/activity")
    page.close()
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    log_in(phone, venue)
    picture_of(phone, venue)("overview-phone-fr", "/")
    phone.close()


def log_in(page: Page, venue: Venue) -> None:
    """Signs the admin in."""
    page.goto(f"{venue.settings.browser_url}/admin")
    page.fill("input[type=email]", ADMIN_EMAIL)
    page.fill("input[type=password]", venue.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")


def picture_of(page: Page, venue: Venue) -> Callable[..., None]:
    """Opens a page of the back office, does something there if asked to, and takes its picture."""

    def shown(name: str, path: str, *, before: Callable[[], object] | None = None) -> None:
        answer = page.goto(f"{venue.settings.browser_url}/admin{path}")
        assert answer is not None
        assert answer.ok, path
        if before is not None:
            before()
            page.wait_for_load_state("load")
        page.wait_for_timeout(800)  # live numbers arrive
        page.wait_for_function(_PICTURES_ARE_THERE)
        settle(page)
        shot(page, name)

    return shown


def speak_french(page: Page) -> None:
    """Chooses French in the menu of the person."""
    page.get_by_role("button", name="Your menu").first.click()
    page.get_by_role("button", name="Français").first.click()
    page.wait_for_selector("html[lang=fr]")


if __name__ == "__main__":
    main()
