"""The page says within a second that its door is gone, and comes back by itself."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.patience import fastest

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
# Notes when the page last heard its door and when it last changed its mind, on the page's own clock.
WATCH = """
window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url);
    this.addEventListener("message", () => { window.heardAt = performance.now(); });
  }
};
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => { window.changedAt = performance.now(); }).observe(document.body, {
    attributeFilter: ["data-mode"],
  });
});
"""


def wait_for_mode(page: Page, mode: str) -> None:
    page.wait_for_selector(f'body[data-mode="{mode}"]', state="attached")


def silence_until_gone_ms(page: Page, lose: Callable[[], None], find: Callable[[], None]) -> float:
    """How long the page has heard nothing when it says that the door is gone. Afterwards the door is there again."""
    wait_for_mode(page, "idle")
    lose()
    wait_for_mode(page, "gone")
    silence = float(page.evaluate("window.changedAt - window.heardAt"))
    find()
    wait_for_mode(page, "idle")
    return silence


def said(page: Page) -> list[str]:
    return [line for line in page.inner_text("#trouble").splitlines() if line]


def test_a_killed_door_is_missed_within_a_second_and_found_again(door: Any, open_page: OpenPage) -> None:
    """No reload: the same page works with the new process."""
    page = open_page(script=WATCH)
    page.evaluate("window.isTheSamePage = true")

    def find() -> None:
        assert "This door is not answering" in said(page)
        assert "Cette porte ne répond pas" in said(page)
        time.sleep(0.6)
        door.start()

    assert fastest(lambda: silence_until_gone_ms(page, door.stop, find), limit=1000) > 300
    assert page.evaluate("window.isTheSamePage") is True
    door.show({"id": "e1", "outcome": "granted", "language": "en", "title": "Welcome", "hold_ms": 60000, "lines": []})
    wait_for_mode(page, "verdict")


def test_a_hung_door_is_missed_within_a_second(door: Any, open_page: OpenPage) -> None:
    """An open socket that says nothing is no answer, and greeting without going on is none either."""
    page = open_page(script=WATCH)

    def lose() -> None:
        door.is_beating = False

    def find() -> None:
        for _ in range(10):
            time.sleep(0.2)
            assert page.get_attribute("body", "data-mode") == "gone"
        door.is_beating = True

    assert fastest(lambda: silence_until_gone_ms(page, lose, find), limit=1000) > 300


def test_an_answer_does_not_outlive_its_door(door: Any, open_page: OpenPage) -> None:
    """A verdict is taken down with the door that gave it and does not come back."""
    page = open_page()
    door.show({"id": "e2", "outcome": "granted", "language": "en", "title": "Welcome", "hold_ms": 60000, "lines": []})
    wait_for_mode(page, "verdict")
    door.stop()
    wait_for_mode(page, "gone")
    door.start()
    wait_for_mode(page, "idle")


def test_a_door_that_never_spoke_is_reported_in_both_languages(door: Any, browser: Any) -> None:
    """The page carries these words itself."""
    door.is_mute = True
    context = browser.new_context()
    page = context.new_page()
    page.goto(door.url)
    wait_for_mode(page, "gone")
    assert said(page) == [
        "This door is not answering",
        "Please see the desk",
        "Cette porte ne répond pas",
        "Merci de passer à l’accueil",
    ]
    context.close()


def test_nonsense_on_the_wire_is_passed_over(door: Any, open_page: OpenPage) -> None:
    """Messages of another version or without sense neither stop nor change the page."""
    page = open_page()
    for message in ({}, {"type": "dance"}, {"type": "screen"}, {"type": "screen", "screen": None}, {"type": "beat"}):
        door.say(message)
    door.show({"id": "e3", "outcome": "granted", "language": "en", "title": "After", "hold_ms": 500, "lines": []})
    expect(page.locator("#title")).to_have_text("After")
    wait_for_mode(page, "idle")
