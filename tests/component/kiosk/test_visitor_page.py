"""The visitor page in a real Chromium: what it paints, says and sounds like."""

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import faint_texts, resize, settle
from tests.patience import wait_until as wait_for

pytestmark = pytest.mark.browser

SIZES = [(1920, 1080), (1280, 720), (1080, 1920)]
PICTURE = f"/pictures/{'a' * 64}"
NBSP = "\u00a0"
FIELDS = {"granted": "rgb(7, 82, 47)", "review": "rgb(247, 182, 20)", "denied": "rgb(138, 15, 22)"}
OpenPage = Callable[..., Page]
_ids = itertools.count()

RECORD_SOUNDS = """
window.sounds = [];
window.AudioContext = class { state = "running"; currentTime = 0; destination = {}; };
window.GainNode = class {
  gain = { setValueAtTime() {}, linearRampToValueAtTime() {} };
  connect(to) { return to; }
};
window.OscillatorNode = class {
  constructor(context, options) { this.pitch = options.frequency; }
  connect(to) { return to; }
  start(at) { window.sounds.push([this.pitch, Math.round(at * 100) / 100]); }
  stop() {}
};
"""
# Every text that is visible and smaller than 2 vmin, or that sticks out of the window or of its own box.
MISPLACED = """() => {
  const smallest = 0.02 * Math.min(innerWidth, innerHeight) - 0.01;
  const root = document.documentElement;
  const wrong = root.scrollWidth > innerWidth || root.scrollHeight > innerHeight ? ["the page scrolls"] : [];
  for (const part of document.querySelectorAll("h1, p, time, span, figcaption, .mark, .portrait")) {
    const box = part.getBoundingClientRect();
    const style = getComputedStyle(part);
    if (style.visibility !== "visible" || box.width === 0) continue;
    const name = `${part.id || part.className || part.tagName}: ${part.textContent}`;
    if (box.left < -0.5 || box.top < -0.5 || box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5)
      wrong.push(`outside ${name}`);
    if (style.display !== "inline" && part.scrollWidth > part.clientWidth + 1) wrong.push(`wider ${name}`);
    if (part.textContent && parseFloat(style.fontSize) < smallest) wrong.push(`small ${name}`);
  }
  return wrong;
}"""


def screen(outcome: str = "granted", **changes: Any) -> dict[str, Any]:
    """A screen as a door sends it."""
    return {
        "id": f"event-{next(_ids)}",
        "outcome": outcome,
        "language": "en",
        "title": "Welcome, Maya",
        "name": "Maya Tremblay-Roy",
        "picture": {"url": PICTURE, "initials": "MT"},
        "lines": [{"role": "used", "text": "Pool multipass: 2 of 10 left"}],
        "sound": outcome,
        "hold_ms": 60_000,
        "occurred_at": datetime.now(UTC).isoformat(),
        "is_offline": False,
        **changes,
    }


def wait_for_mode(page: Page, mode: str) -> None:
    page.wait_for_selector(f'body[data-mode="{mode}"]', state="attached")


def wait_until(page: Page, expression: str) -> None:
    # Playwright's own wait_for_function evaluates strings inside the page, which the page's policy forbids.
    wait_for(lambda: page.evaluate(expression), what=expression)


def wait_for_title(page: Page, title: str) -> None:
    wait_until(page, f"document.getElementById('title').textContent === {json.dumps(title)}")


def is_visible(page: Page, selector: str) -> bool:
    return bool(page.eval_on_selector(selector, "part => getComputedStyle(part).visibility === 'visible'"))


@pytest.mark.parametrize("outcome", FIELDS)
def test_an_outcome_is_said_by_colour_shape_and_word(door: Any, open_page: OpenPage, outcome: str) -> None:
    """The whole field, the mark, the title; and the door hears that it was painted."""
    page = open_page()
    sent = screen(outcome, title=f"The {outcome} word")
    door.show(sent)
    wait_for_mode(page, "verdict")
    settle(page)
    assert page.eval_on_selector("body", "body => getComputedStyle(body).backgroundColor") == FIELDS[outcome]
    assert page.locator(f"#mark svg.mark-{outcome}").is_visible()
    assert page.inner_text("#title") == f"The {outcome} word"
    assert page.inner_text("#lines") == "Pool multipass: 2 of 10 left"
    page.wait_for_selector("#picture.loaded")
    wait_for(lambda: door.heard, what="the word that it was painted")
    assert door.heard == [{"type": "painted", "id": sent["id"]}]
    assert faint_texts(page) == []


def test_a_new_scan_replaces_the_old_one_and_the_page_waits_again(door: Any, open_page: OpenPage) -> None:
    """No queue of faces: the newest answer, then back to waiting by itself."""
    page = open_page()
    door.show(screen(title="First"))
    wait_for_title(page, "First")
    door.show(screen("denied", title="Second", hold_ms=500))
    wait_for_title(page, "Second")
    wait_for_mode(page, "idle")
    assert page.inner_text("#present") == "Present your card"
    assert page.inner_text("#present-other") == "Présentez votre carte"


def test_a_missing_picture_leaves_the_initials(door: Any, open_page: OpenPage) -> None:
    """Never a broken image, never the last visitor's face, never a picture from elsewhere."""
    page = open_page()
    door.show(screen())
    page.wait_for_selector("#picture.loaded")
    for url in (f"/pictures/{'b' * 64}", None, "https://example.org/face.png"):
        door.show(screen(title=f"For {url}", picture={"url": url, "initials": "ZQ"}))
        wait_for_title(page, f"For {url}")
        wait_until(page, "!document.getElementById('picture').hasAttribute('src')")
        assert not is_visible(page, "#picture")
        assert page.inner_text("#initials") == "ZQ"


def test_an_unknown_card_shows_the_mark_instead_of_a_person(door: Any, open_page: OpenPage) -> None:
    """No empty frame where nobody is known."""
    page = open_page()
    door.show(screen("denied", name="", picture={"url": None, "initials": ""}))
    wait_for_mode(page, "verdict")
    assert not page.locator(".portrait").is_visible()
    assert page.locator("#mark svg").is_visible()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_scrolls_or_sticks_out(door: Any, open_page: OpenPage, language: str) -> None:
    """Every view at every size, with long names; no text under 2 vmin."""
    door.hello["language"] = language
    page = open_page()
    long = {
        "language": language,
        "title": "Bienvenue, Marie-Antoinette",
        "name": "Marie-Antoinette Desrochers-Beauchamp",
        "hold_ms": 20_000,
        "lines": [
            {"role": "used", "text": "Laissez-passer de conditionnement physique aquatique : il en reste 2 sur 10"},
            {"role": "left", "text": "Expire le 31 janvier 2027"},
            {"role": "notice", "text": "Aucune autre entrée décomptée aujourd’hui"},
            {"role": "birthday", "text": "Bon anniversaire!"},
        ],
    }
    refusal = [
        {"role": "reason", "text": "Natation niveau 3 – parent et enfant : entrée le 23 novembre à partir de 17 h 30"},
        {"role": "next_step", "text": "Revenez à ce moment-là, ou passez à l’accueil"},
    ]
    absent = {"url": None, "initials": ""}
    steps: list[Callable[[], None]] = [
        lambda: door.set_status("offline", data_as_of="2026-01-02T18:05:00Z"),
        lambda: door.set_status("out_of_service", cause="storage"),
        lambda: door.show(screen("granted", **long)),
        lambda: door.show(screen("denied", **{**long, "lines": refusal})),
        lambda: door.show(screen("review", **{**long, "name": "", "picture": absent, "lines": refusal})),
        lambda: door.show(screen("granted", **{**long, "title": "W" * 70, "name": "Q" * 60})),
    ]
    found = []
    for number, step in enumerate([lambda: None, *steps]):
        step()
        for width, height in SIZES:
            resize(page, width, height)
            found += [f"step {number} at {width}x{height}: {each}" for each in page.evaluate(MISPLACED)]
    assert found == []


def test_names_stay_text(door: Any, open_page: OpenPage) -> None:
    """Markup in a name is letters; a right-to-left name does not turn the sentence round."""
    page = open_page()
    markup = '<img src=x onerror="document.body.dataset.hacked=1"><script>1</script>'
    line = {"role": '"><b>', "text": f"{markup} {{date}}"}
    door.show(screen(title=f"Welcome, {markup}", name=f"\u2068שרה\u2069 {markup}", lines=[line]))
    wait_for_title(page, f"Welcome, {markup}")
    assert markup in page.inner_text("#name")
    assert page.inner_text("#lines") == f"{markup} {{date}}"
    assert page.locator("#verdict script, #verdict b, #verdict img:not(#picture)").count() == 0
    assert page.evaluate("document.body.dataset.hacked") is None


def test_a_dash_ends_a_line_and_begins_none(door: Any, open_page: OpenPage) -> None:
    """Until when stays in one piece, and the dash with the name before it."""
    page = open_page()
    line = {"role": "used", "text": f"Family membership{NBSP}– until 30 May 2027"}
    door.show(screen(title="until", lines=[line]))
    wait_for_title(page, "until")
    assert page.locator("#lines .piece").all_inner_texts() == ["until 30 May 2027"]


def test_sounds_differ_in_rhythm_and_pitch(door: Any, open_page: OpenPage) -> None:
    """Rising two-tone, double mid tone, low single; "none" is silence."""
    page = open_page(script=RECORD_SOUNDS)
    heard = {}
    for outcome in FIELDS:
        door.show(screen(outcome, title=outcome))
        wait_for_title(page, outcome)
        wait_until(page, "window.sounds.length > 0")
        heard[outcome] = page.evaluate("window.sounds.splice(0)")
    door.show(screen(sound="none", title="quiet"))
    wait_for_title(page, "quiet")
    assert page.evaluate("window.sounds") == []
    (low, _), (high, _) = heard["granted"]
    (first, _), (second, _) = heard["review"]
    assert low < high
    assert first == second
    assert len(heard["denied"]) == 1
    assert heard["denied"][0][0] < first < low


def test_off_is_off(door: Any, open_page: OpenPage) -> None:
    """No sound when the settings say so."""
    door.hello["sound"] = {"is_enabled": False, "volume": 1}
    page = open_page(script=RECORD_SOUNDS)
    door.show(screen(title="quiet"))
    wait_for_title(page, "quiet")
    assert page.evaluate("window.sounds") == []


def test_the_corner_tells_the_truth(door: Any, open_page: OpenPage) -> None:
    """Connected, offline with the age of the data, out of service: in the organization's zone, in both languages."""
    door.freeze_clock("2026-11-21T19:05:00Z")
    page = open_page(timezone_id="Asia/Tokyo")
    wait_until(page, "document.getElementById('clock').textContent === '14:05'")
    assert page.inner_text("#day") == "Saturday 21 November"
    expect(page.locator("#link")).to_contain_text("Connected")
    door.set_status("offline", data_as_of="2026-11-21T18:05:00Z")
    page.wait_for_selector('#link[data-connection="offline"]')
    assert "Offline – data as of 13:05" in page.inner_text("#link")
    assert f"Hors ligne – données de 13{NBSP}h{NBSP}05" in page.inner_text("#link")
    door.set_status("offline", data_as_of="2026-11-19T18:05:00Z")
    wait_until(page, "document.getElementById('link').textContent.includes('as of 19 November, 13:05')")
    door.set_status("out_of_service", cause="reader_lost")
    wait_for_mode(page, "out")
    said = page.inner_text("#trouble")
    assert "Out of service" in said
    assert "Le lecteur ne répond pas" in said


def test_the_day_is_written_as_people_write_it(door: Any, open_page: OpenPage) -> None:
    """The first of a month in French, just past midnight in the organization's zone."""
    door.hello["language"] = "fr"
    door.freeze_clock("2026-12-01T05:00:00Z")
    page = open_page()
    wait_until(page, "document.getElementById('day').textContent === 'mardi 1er décembre'")
    assert page.inner_text("#clock") == f"0{NBSP}h"


def test_a_time_zone_that_nobody_knows_shows_no_clock(door: Any, open_page: OpenPage) -> None:
    """No time is better than a wrong one, and the rest of the page works."""
    door.hello["time_zone"] = "Atlantis/Capital"
    page = open_page()
    door.show(screen(title="Seen", hold_ms=500))
    wait_for_title(page, "Seen")
    wait_for_mode(page, "idle")
    assert page.inner_text("#clock") == ""


def test_a_page_opened_after_the_scan_shows_it_while_it_is_fresh(door: Any, open_page: OpenPage) -> None:
    """The last screen comes with the greeting; an old one is not shown again."""
    door.hello["last"] = screen(title="Just now")
    page = open_page()
    wait_for_mode(page, "verdict")
    assert page.inner_text("#title") == "Just now"
    long_ago = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    door.hello["last"] = screen(title="Long ago", occurred_at=long_ago)
    assert open_page().get_attribute("body", "data-mode") == "idle"


def test_there_is_no_way_out_of_the_page(door: Any, open_page: OpenPage) -> None:
    """No link, no menu, no selection, no zoom, nothing to focus; typed card numbers leak nowhere."""
    page = open_page()
    page.keyboard.type("0412345678901\n")
    page.keyboard.press("Tab")
    refused = page.evaluate(
        """() => ["contextmenu", "selectstart", "dragstart", "touchmove"].map(
          (name) => !document.dispatchEvent(new Event(name, { bubbles: true, cancelable: true })))"""
    )
    assert refused == [True] * 4
    wheel = "!document.dispatchEvent(new WheelEvent('wheel', { ctrlKey: true, cancelable: true }))"
    assert page.evaluate(wheel) is True
    assert page.locator("a, button, input, form, iframe").count() == 0
    assert page.evaluate("document.activeElement === document.body && String(getSelection())") == ""


def test_only_the_hint_moves_and_not_for_those_who_asked(door: Any, open_page: OpenPage) -> None:
    """The drawing drifts slowly; with reduced motion it stands still."""
    moving = "[...document.querySelectorAll('.drift')].map((part) => getComputedStyle(part).animationName)"
    assert open_page().evaluate(moving) == ["drift", "drift"]
    assert open_page(reduced_motion="reduce").evaluate(moving) == ["none", "none"]


@pytest.mark.parametrize("readers", [["nfc"], ["barcode", "camera"], ["barcode", "camera", "nfc"], []])
def test_the_drawing_shows_the_readers_that_are_there(door: Any, open_page: OpenPage, readers: list[str]) -> None:
    """One drawing for each kind of reader, with where to hold the card."""
    door.hello["readers"] = readers
    page = open_page()
    assert page.locator("#hint svg").count() == max(1, len(readers))
    settle(page)
    assert page.evaluate(MISPLACED) == []
