"""The visitor's choice in a real Chromium, and every state of the page whole and readable."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import faint_texts, resize
from tests.patience import wait_until

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
SIZES = [(1920, 1080), (1280, 720), (1080, 1920)]
LEAST = 7
"""The contrast of every text of this page (LOOK: "at least 7:1")."""
OFFER = {
    "en": [
        {"id": "own", "text": "Pool 5 visits: 3 of 5 left", "until": "Expires 21 December"},
        {"id": "family", "text": "Marie-Antoinette’s aquatic fitness family multipass: 4 of 10 left", "until": None},
        {"id": "member", "text": "Family membership", "until": "Until 31 May 2027"},
        {"id": "lesson", "text": "Swim level 3, parent and child, starts at 17:30", "until": None},
    ],
    "fr": [
        {"id": "own", "text": "Piscine 5 visites\u00a0: il en reste 3 sur 5", "until": "Expire le 21 décembre"},
        {
            "id": "family",
            "text": "Laissez-passer familial de conditionnement physique aquatique\u00a0: il en reste 4 sur 10",
            "until": None,
        },
        {"id": "member", "text": "Adhésion familiale", "until": "Jusqu’au 31 mai 2027"},
        {"id": "lesson", "text": "Natation niveau 3, parent et enfant, début à 17\u00a0h\u00a030", "until": None},
    ],
}
# What sticks out of the window or of its own box, and things to touch that are under 96 px.
CLIPPED = """() => [...document.querySelectorAll("h1, p, time, span, figcaption, button, .mark")].flatMap((part) => {
  const [box, style] = [part.getBoundingClientRect(), getComputedStyle(part)];
  if (style.visibility !== "visible" || box.width === 0) return [];
  const isOut = box.left < -0.5 || box.top < -0.5 || box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5;
  const isWide = style.display !== "inline" && part.scrollWidth > part.clientWidth + 1;
  const isLow = part.matches("button") && box.height < 95.5;
  return isOut || isWide || isLow ? [`${part.id || part.tagName}: ${part.textContent}`] : [];
})"""


def offer(door: Any, language: str = "en") -> None:
    """The door asks the visitor."""
    door.say({"type": "choice", "id": "offer", "language": language, "options": OFFER[language], "seconds": 8})


def choices(door: Any) -> list[dict[str, Any]]:
    """What the door heard the visitor say."""
    return [each for each in door.heard if each["type"] == "choose"]


def states(door: Any, language: str) -> dict[str, Callable[[], None]]:
    """Each state of the page, as the door brings it about."""

    def answered(outcome: str) -> Callable[[], None]:
        screen = {
            "id": f"event-{outcome}",
            "outcome": outcome,
            "language": language,
            "title": "Bienvenue, Marie-Antoinette" if language == "fr" else "Welcome, Marie-Antoinette",
            "name": "Marie-Antoinette Desrochers-Beauchamp",
            "picture": {"url": None, "initials": "MD"},
            "lines": [
                {"role": "reason", "text": OFFER[language][1]["text"]},
                {"role": "next_step", "text": "Revenez à ce moment-là, ou passez à l’accueil"},
                {"role": "birthday", "text": "Bon anniversaire!"},
            ],
            "sound": "none",
            "hold_ms": 60_000,
            "occurred_at": datetime.now(UTC).isoformat(),
            "is_offline": outcome == "review",
        }
        return lambda: door.show(screen)

    return {
        "idle": lambda: None,
        "offline": lambda: door.set_status("offline", data_as_of="2026-11-21T18:05:00Z"),
        "choice": lambda: offer(door, language),
        "granted": answered("granted"),
        "review": answered("review"),
        "denied": answered("denied"),
        "out": lambda: door.set_status("out_of_service", cause="storage"),
        "gone": door.stop,
    }


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_state_is_whole_and_readable(door: Any, open_page: OpenPage, language: str) -> None:
    """At each size, nothing is clipped and no text has less than 7:1."""
    door.hello["language"] = language
    page, wrong = open_page(), []
    for state, bring in states(door, language).items():
        if state == "granted":
            door.say({"type": "choice_over", "id": "offer"})
        bring()
        mode = {"offline": "idle", "granted": "verdict", "review": "verdict", "denied": "verdict"}.get(state, state)
        if state == "out":
            page.reload()
        expect(page.locator("body")).to_have_attribute("data-mode", mode)
        if mode == "verdict":
            expect(page.locator("body")).to_have_attribute("data-outcome", state)
        for width, height in SIZES:
            resize(page, width, height)
            wrong += [f"{state} {width}x{height} {each}" for each in page.evaluate(CLIPPED)]
            wrong += [f"{state} {width}x{height} faint {each}" for each in faint_texts(page, least=LEAST)]
    assert wrong == []


def test_a_touch_answers_once(door: Any, open_page: OpenPage) -> None:
    """The door hears what was touched; a second touch says nothing."""
    page = open_page()
    offer(door)
    page.get_by_role("button", name="Family membership").click()
    wait_until(lambda: choices(door), what="the choice")
    assert choices(door) == [{"type": "choose", "id": "offer", "choice": "member"}]
    expect(page.get_by_role("button", name="Pool 5 visits")).to_be_disabled()


def test_arrows_and_enter_answer_too(door: Any, open_page: OpenPage) -> None:
    """For a kiosk with keys instead of a touch screen; round the corner as well."""
    page = open_page()
    offer(door)
    expect(page.get_by_role("button", name="Family membership")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Pool 5 visits")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Swim level 3")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    wait_until(lambda: choices(door), what="the choice")
    assert choices(door) == [{"type": "choose", "id": "offer", "choice": "member"}]


def test_what_a_scanner_types_chooses_nothing(door: Any, open_page: OpenPage) -> None:
    """Digits and Enter come from cards, and the page stays as it is."""
    page = open_page()
    offer(door)
    expect(page.get_by_role("button", name="Family membership")).to_be_visible()
    page.keyboard.type("0412345678901\n")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait_until(lambda: choices(door), what="the choice")
    assert choices(door) == [{"type": "choose", "id": "offer", "choice": "own"}]
