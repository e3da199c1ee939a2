"""The desk page in a real Chromium: at each size, in both languages, it is whole, readable and large enough to hit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page

from access.domain.people import Language, Memo, Participant
from access.domain.reasons import Notice, Outcome
from tests.chromium import faint_texts, resize, settle
from tests.component.kiosk.desk.fake_desk import PIN
from tests.component.kiosk.desk.sample import POOL

pytestmark = pytest.mark.browser

OpenDesk = Callable[..., Page]
Until = Callable[..., Any]
Make = Callable[..., Any]
SIZES = [(1920, 1080), (1280, 720), (1080, 1920), (390, 844)]
HOSTILE = "<img src=x onerror=window.hacked=1>\u202e{name}${7*7}'\"&lt;"

# Tiny text, targets under 44 px (64 on the pad), and anything that sticks out of the window or of its own box.
FAULTS = """() => {
  const box = (part) => part.getBoundingClientRect();
  const isShown = (part) => part.checkVisibility({ visibilityProperty: true }) && box(part).width > 1;
  const label = (part) => `${part.id || part.className || part.tagName}: ${part.textContent.slice(0, 40)}`;
  const wrong = document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : [];
  const open = document.querySelector("dialog[open]");
  const all = [...(open ?? document.body).querySelectorAll(":not(svg, svg *)")].filter(isShown);
  for (const part of all) {
    const style = getComputedStyle(part);
    const hasText = [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (hasText && !part.closest("button:disabled, .portrait, .thumb, .spoken")) {
      if (parseFloat(style.fontSize) < 13) wrong.push(`small ${label(part)}`);
      if (style.display !== "inline" && style.overflowX !== "hidden" && part.scrollWidth > part.clientWidth + 1)
        wrong.push(`wider ${label(part)}`);
    }
    if (part.matches("button, input, [role=option]")) {
      const { width, height } = part.getBoundingClientRect();
      const least = part.matches(".key") ? 64 : 44;
      if (width < least - 0.5 || height < least - 0.5) wrong.push(`hard to hit ${width}x${height} ${label(part)}`);
    }
  }
  const view = document.getElementById("acts").getBoundingClientRect();
  if (!open && view.height && view.bottom > innerHeight + 1) wrong.push("the buttons are below the window");
  return wrong;
}"""


def happen(desk: Any, finding: Make) -> None:
    """A busy minute, and somebody with everything that can be said."""
    desk.scan("sam", Outcome.GRANTED, notices=(Notice.LAST_USE,))
    desk.scan("tom", Outcome.DENIED, finding("membership_expired", Outcome.DENIED))
    desk.scan(None, Outcome.DENIED, finding("unknown_card", Outcome.DENIED))
    reasons = (finding("notify_staff"), finding("balance_due"), finding("anti_passback", at=datetime.now(UTC)))
    desk.scan("ewa", Outcome.REVIEW, *reasons, notices=(Notice.BIRTHDAY, Notice.CAPACITY_WARNING))
    desk.scan("ines", Outcome.REVIEW, finding("no_access_picture"), entitlement=replace(POOL, takes_use=False))


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page as it is, or with the dialog that is open on it."""
    within = "dialog[open]" if page.locator("dialog[open]").count() else "body"
    faint = [f"faint {each}" for each in faint_texts(page, within=within, besides=".portrait,.thumb,.spoken")]
    return faint + list(page.evaluate(FAULTS))


def look(page: Page, view: str, found: dict[str, list[str]]) -> None:
    """Notes what is wrong with the view at each size."""
    for width, height in SIZES:
        resize(page, width, height)
        if faults := faults_of(page):
            found[f"{view} {width}x{height}"] = faults


@pytest.mark.parametrize("language", [Language.EN, Language.FR])
def test_every_view_is_whole_readable_and_large_enough(
    desk: Any, open_desk: OpenDesk, until: Until, finding: Make, language: Language
) -> None:
    """The pad, a review, a question, search, a look-up, attendance, a pick-up, who is inside, a lost door."""
    happen(desk, finding)
    page = open_desk(*SIZES[0], pin="")
    found: dict[str, list[str]] = {}
    look(page, "pad", found)
    page.keyboard.type(PIN[language])
    page.keyboard.press("Enter")
    until(page, "document.getElementById('name')?.textContent === 'Ewa Kowalska'")
    page.wait_for_selector("#portrait img.loaded")
    look(page, "review", found)
    page.click("#recent button:has-text('Tom')")
    page.wait_for_selector("#acts .override")
    page.wait_for_timeout(450)  # the page takes no act at once: the press was meant for the one before
    page.click("#acts .override")
    page.wait_for_selector("#ask[open]")
    look(page, "override", found)
    page.keyboard.press("Escape")
    page.fill("#query", "an")
    page.wait_for_selector("#found [role=option]")
    look(page, "search", found)
    page.fill("#query", "ava")
    page.keyboard.press("Enter")
    page.wait_for_selector(".known .adult")
    look(page, "look-up", found)
    page.click("#tab-attendance")
    page.click("[data-person=ava] .mark_in")
    page.wait_for_selector("[data-state=in] [data-person=ava]")
    look(page, "attendance", found)
    page.click("[data-person=ava] .pick_up")
    page.wait_for_selector("#ask[open]")
    look(page, "pick-up", found)
    page.keyboard.press("Escape")
    page.click("#tab-inside")
    page.wait_for_selector("#total")
    look(page, "inside", found)
    desk.door.stop()
    page.wait_for_selector("#gone", state="visible")
    look(page, "gone", found)
    assert found == {}


def test_the_faults_that_are_looked_for_are_found(open_desk: OpenDesk) -> None:
    """Faint or tiny text, a small button and a line that sticks out are each reported."""
    page = open_desk()
    page.evaluate(
        """() => {
          const put = (tag, text, style) => {
            const part = document.createElement(tag);
            part.textContent = text;
            Object.assign(part.style, style);
            document.getElementById("person").append(part);
          };
          put("p", "faint", { color: "#999", background: "#fff" });
          put("p", "tiny", { fontSize: "9px" });
          put("button", "low", { minHeight: "20px", height: "20px" });
          put("p", "w".repeat(300), { width: "200px" });
        }"""
    )
    found = " ".join(faults_of(page))
    assert all(word in found for word in ("faint faint", "small P: tiny", "hard to hit", "wider P: www"))


# In one go: a beat that was late has the page painted anew.
MEASURED = """() => {
  const box = (part) => part.getBoundingClientRect().toJSON();
  const said = document.querySelector(".face figcaption"), person = document.getElementById("person");
  return document.querySelector("#portrait img.loaded") && {
    picture: box(document.getElementById("portrait")),
    person: box(person),
    said: box(said),
    text: said.innerText,
    hidden: person.scrollHeight - person.clientHeight,
    tops: [...document.querySelectorAll("#name, .memos li")].map((line) => box(line).top),
  };
}"""


@pytest.mark.parametrize(
    ("size", "least"), [((1920, 1080), 480), ((1280, 720), 480), ((1080, 1920), 480), ((390, 844), 220)]
)
def test_the_access_picture_is_large_and_whole(
    desk: Any, open_desk: OpenDesk, until: Until, finding: Make, size: tuple[int, int], least: int
) -> None:
    """At least 480 px high, and not a line of it below the window; nor, but on a phone, anything else to be known."""
    reasons = (finding("notify_staff"), finding("balance_due"), finding("anti_passback", at=datetime.now(UTC)))
    desk.scan("ewa", Outcome.REVIEW, *reasons, notices=(Notice.BIRTHDAY, Notice.CAPACITY_WARNING))
    page = open_desk(*size)
    page.wait_for_selector("#portrait img.loaded")
    settle(page)
    found = until(page, MEASURED)
    picture, person = found["picture"], found["person"]
    assert picture["height"] >= least
    assert found["text"] == "Picture verified on 3 March 2026 by Marie-Ève Desrochers"
    if size[0] > 1000:
        assert found["hidden"] <= 0
        assert found["said"]["width"] <= picture["width"]
    assert picture["bottom"] <= person["bottom"]
    assert found["tops"]
    assert max(found["tops"]) < person["bottom"] - 20


def test_everything_is_on_the_page_in_the_first_frame(desk: Any, open_desk: OpenDesk, until: Until) -> None:
    """The words and the picture's field are there when the message has been handled, before the next frame is painted;
    the picture as soon as the door has sent it."""
    script = """
    window.WebSocket = class extends WebSocket {
      set onmessage(hear) {
        super.onmessage = (event) => {
          const isScan = event.data.includes('"type":"scan"');
          hear(event);
          if (isScan) {
            window.saidName = document.getElementById("name")?.textContent;
            window.fieldHeight = document.getElementById("portrait")?.offsetHeight;
            const image = document.querySelector("#portrait img");
            image.addEventListener("load", () => { window.isPictureThere = true; });
          }
        };
      }
    };
    """
    page = open_desk(1920, 1080, script=script)
    desk.scan("ewa", Outcome.GRANTED)
    until(page, "window.isPictureThere")
    assert page.evaluate("window.saidName") == "Ewa Kowalska"
    assert page.evaluate("window.fieldHeight") >= 480


def test_hostile_text_stays_text(desk: Any, open_desk: OpenDesk, until: Until, finding: Make) -> None:
    """Names, memos, notes and IDs from anywhere are shown as they are, and turn nothing around."""
    desk.people["evil"] = Participant(
        id="evil", account_id="a1", first_name=HOSTILE, last_name="Z" * 200, member_id=HOSTILE, memos=(Memo(HOSTILE),)
    )
    page = open_desk()
    desk.scan("evil", Outcome.REVIEW, finding("notify_staff"))
    until(page, "document.getElementById('name') !== null")
    page.fill("#query", "onerror")
    page.wait_for_selector("#found [role=option]")
    page.keyboard.press("Escape")
    page.click("#tab-attendance")
    page.wait_for_selector("[data-person=evil]")
    page.click("#tab-inside")
    page.wait_for_selector("#total")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    assert "\u202e" not in str(page.evaluate("document.body.innerHTML"))
    page.click("#tab-door")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nonsense_from_the_door_stops_nothing(desk: Any, open_desk: OpenDesk, until: Until) -> None:
    """Messages of another version or without sense are passed over."""
    page = open_desk()
    for message in (
        {},
        {"type": "dance"},
        {"type": "scan"},
        {"type": "scan_changed", "scan": None},
        {"type": "changed"},
    ):
        desk.door.say(message)
    desk.scan("ewa", Outcome.GRANTED)
    until(page, "document.getElementById('name')?.textContent === 'Ewa Kowalska'")
