"""The desk page in a real Chromium: what staff do, by keyboard and by touch, and what the door is told."""

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from access.domain.people import Language, Text
from access.domain.reasons import Outcome
from kiosk.desk import Permission, ScanState
from tests.patience import fastest, wait_until

pytestmark = pytest.mark.browser

OpenDesk = Callable[..., Page]
Until = Callable[..., Any]
Make = Callable[..., Any]
# Notes when the page last heard its door and when it said that it is gone, on the page's own clock.
WATCH = """
window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url);
    this.addEventListener("message", () => { window.heardAt = performance.now(); });
  }
};
document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(() => { window.goneAt = performance.now(); }).observe(document.getElementById("gone"), {
    attributeFilter: ["hidden"],
  });
});
"""
# Presses Enter twice in one moment, and once more in the moment in which the next person comes to the page.
HASTY = """(next) => {
  const enter = { key: "Enter", bubbles: true, cancelable: true };
  const press = () => document.body.dispatchEvent(new KeyboardEvent("keydown", enter));
  new MutationObserver((changes, observer) => {
    if (document.getElementById("name")?.textContent !== next) return;
    observer.disconnect();
    press();
    window.hasPressed = true;
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  press();
  press();
}"""
GUARD_S = 0.45
"""For this long after somebody new came to the page, it takes no act: the press was meant for the one before."""


def name(page: Page) -> str:
    return page.inner_text("#name")


def shows(text: str) -> str:
    return f"document.getElementById('name')?.textContent === '{text}'"


def acts(page: Page) -> list[str]:
    return page.eval_on_selector_all("#acts button", "all => all.map(each => each.getAttribute('aria-label'))")


def told(desk: Any, path: str) -> list[dict[str, Any]]:
    return [body for each, body in desk.told if each == path]


def test_by_keyboard_alone_from_the_pin_to_a_look_up(
    desk: Any, open_desk: OpenDesk, until: Until, finding: Make
) -> None:
    """Sign in, review, approve, undo, search, look, go back: no pointer, no Tab."""
    page = open_desk()
    desk.scan("ewa", Outcome.REVIEW, finding("notify_staff"), finding("balance_due"))
    until(page, shows("Ewa Kowalska"))
    assert page.inner_text(".standing strong") == "Needs review"
    assert [line.split("\n")[0] for line in page.locator(".memos li").all_inner_texts()] == ["★ Allergy", "★ Memo"]
    assert page.locator(".reasons strong").all_inner_texts() == [
        "There is a note to read before this person goes in",
        "The account has an unpaid balance",
    ]
    assert acts(page) == [
        "Approve: Ewa enters; Pool multipass: 1 of 10 left after",
        "Refuse: Ewa stays out; nothing is used",
    ]
    time.sleep(GUARD_S)
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.standing strong')?.textContent === 'Review approved'")
    assert acts(page) == ["Undo: Ewa no longer counts as inside; Pool multipass: 2 of 10 left again"]
    assert "By Dana" in page.inner_text(".decided")
    time.sleep(GUARD_S)
    page.keyboard.press("u")
    until(page, "document.querySelector('.standing strong')?.textContent === 'Undone'")
    assert [body["act"] for body in told(desk, "acts")] == ["approve", "undo"]
    page.keyboard.press("/")
    page.keyboard.type("béla")
    until(page, "document.querySelectorAll('#found [role=option]').length === 1")
    page.keyboard.press("Enter")
    until(page, shows("Inès Bélanger-Charbonneau"))
    assert page.inner_text(".looking") == "Looking only. Nobody is checked in"
    assert "Swim level 3" in page.inner_text(".known")
    assert told(desk, "check-in") == []
    page.keyboard.press("Escape")
    until(page, shows("Ewa Kowalska"))


def test_a_person_under_decision_stays_while_others_queue(
    desk: Any, open_desk: OpenDesk, until: Until, finding: Make
) -> None:
    """A badge counts them; after the decision the next who needs one comes, not the newest."""
    page = open_desk()
    desk.scan("sam", Outcome.GRANTED)
    until(page, shows("Samuel Okafor"))
    desk.scan("ewa", Outcome.REVIEW, finding("notify_staff"))
    until(page, shows("Ewa Kowalska"))
    desk.scan("ava", Outcome.REVIEW, finding("notify_staff"))
    desk.scan("leo", Outcome.GRANTED)
    until(page, "document.getElementById('waiting-badge')?.textContent === '1 waiting'")
    until(page, "document.getElementById('new-badge')?.textContent === '1 new'")
    assert name(page) == "Ewa Kowalska"
    time.sleep(GUARD_S)
    page.evaluate(HASTY, "Ava Singh")
    offered = "document.querySelector('#acts .next')?.getAttribute('aria-label') === 'Next: Ava Singh is waiting'"
    until(page, f"{offered} && {shows('Ewa Kowalska')}")
    assert len(told(desk, "acts")) == 1
    until(page, "window.hasPressed === true")
    until(page, "document.querySelector('#acts .approve')?.disabled === false")
    assert len(told(desk, "acts")) == 1


def test_nobody_comes_before_someone_who_is_looked_up(
    desk: Any, open_desk: OpenDesk, until: Until, finding: Make
) -> None:
    """Looking and choosing hold the page; Escape lets the queue in. A check-in by hand is an act of its own."""
    page = open_desk()
    page.keyboard.press("/")
    page.keyboard.type("tom")
    until(page, "document.querySelectorAll('#found [role=option]').length === 1")
    page.keyboard.press("Enter")
    until(page, shows("Tom Nguyen"))
    desk.scan("ewa", Outcome.REVIEW, finding("notify_staff"))
    until(page, "document.getElementById('waiting-badge') !== null")
    assert name(page) == "Tom Nguyen"
    time.sleep(GUARD_S)
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.standing strong')?.textContent === 'Checked in'")
    assert told(desk, "check-in") == [{"person": "tom"}]
    page.keyboard.press("Escape")
    until(page, shows("Ewa Kowalska"))


def test_an_override_needs_a_reason(desk: Any, open_desk: OpenDesk, until: Until, finding: Make) -> None:
    """A common one by its number or one's own words; without any nothing is sent."""
    page = open_desk()
    missed = finding("membership_expired", Outcome.DENIED, on=date(2026, 10, 31), name=Text("Gym membership"))
    desk.scan("tom", Outcome.DENIED, missed, entitlement=None)
    until(page, shows("Tom Nguyen"))
    assert page.inner_text(".reasons strong") == "Gym membership ended on 31 October"
    assert acts(page) == ["Override: Tom enters; nothing is used"]
    time.sleep(GUARD_S)
    page.keyboard.press("o")
    page.wait_for_selector("#ask[open]")
    page.click("#ask [type=submit]")
    assert page.inner_text("#reason-problem") == "Choose or write a reason"
    page.keyboard.press("Escape")
    assert told(desk, "acts") == []
    page.keyboard.press("o")
    page.wait_for_selector("#ask[open]")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.standing strong')?.textContent === 'Overridden'")
    assert [(body["act"], body["note"]) for body in told(desk, "acts")] == [("override", "Paid at the desk just now")]
    assert "Paid at the desk just now" in page.inner_text(".decided")


def test_an_unknown_card_is_given_to_a_person(desk: Any, open_desk: OpenDesk, until: Until, finding: Make) -> None:
    """Search, choose, confirm: the centre is asked."""
    page = open_desk()
    scan = desk.scan(None, Outcome.DENIED, finding("unknown_card", Outcome.DENIED))
    until(page, shows("Nobody known"))
    assert acts(page) == ["Assign this card: choose whose it is; the centre is asked"]
    time.sleep(GUARD_S)
    page.keyboard.press("a")
    page.keyboard.type("sam")
    until(page, "document.querySelectorAll('#found [role=option]').length === 1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#ask[open]")
    assert "to Samuel Okafor" in page.inner_text("#ask h2")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.standing strong')?.textContent === 'Card requested'")
    assert told(desk, "acts") == [{"act": "assign", "scan": scan, "person": "sam"}]


def test_the_recent_scans_are_walked_with_the_arrows(desk: Any, open_desk: OpenDesk, until: Until) -> None:
    """Whom one chose stays while new ones come."""
    page = open_desk()
    for each in ("sam", "leo", "ines"):
        desk.scan(each, Outcome.GRANTED)
    until(page, shows("Inès Bélanger-Charbonneau"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    until(page, shows("Samuel Okafor"))
    desk.scan("tom", Outcome.GRANTED)
    until(page, "document.querySelectorAll('#recent li').length === 4")
    assert name(page) == "Samuel Okafor"
    page.keyboard.press("Escape")
    until(page, shows("Tom Nguyen"))


def test_a_decision_of_another_desk_and_a_refusal_of_the_door(
    desk: Any, open_desk: OpenDesk, until: Until, finding: Make
) -> None:
    """The page says who was faster, and in words why the door did not do it."""
    page = open_desk()
    scan = desk.scan("ewa", Outcome.REVIEW, finding("notify_staff"))
    until(page, shows("Ewa Kowalska"))
    desk.problem = "not_recorded"
    time.sleep(GUARD_S)
    page.keyboard.press("Enter")
    until(page, "document.getElementById('toast').textContent.startsWith('Not recorded')")
    assert page.inner_text(".standing strong") == "Needs review"
    desk.change(scan, ScanState.REFUSED, by="Noor")
    until(page, "document.querySelector('.decided')?.textContent === 'By Noor'")
    assert page.inner_text(".standing strong") == "Review refused"


def test_who_may_not_is_not_offered_it(desk: Any, open_desk: OpenDesk, until: Until, finding: Make) -> None:
    """No button, no key, no tab."""
    desk.staff["2468"].may = frozenset({Permission.APPROVE})
    page = open_desk()
    desk.scan("tom", Outcome.DENIED, finding("membership_expired", Outcome.DENIED))
    until(page, shows("Tom Nguyen"))
    assert acts(page) == []
    page.keyboard.press("o")
    assert not page.locator("#ask").is_visible()
    assert not page.locator("#search").is_visible()
    assert page.locator("#tabs button").all_inner_texts() == ["Door"]


def test_wrong_pins_wait_longer_and_the_pad_says_how_long(desk: Any, open_desk: OpenDesk, until: Until) -> None:
    """Keys are dead while it refuses; nothing of the door is on the page."""
    desk.scan("ewa", Outcome.GRANTED)
    page = open_desk(pin="")
    for key in ("1", "1", "1"):
        page.click(f"[data-key='{key}']")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('pad-problem').textContent === 'That PIN is not right'")
    page.clock.install()
    desk.retry_in_s = 600
    page.keyboard.type("999")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('pad-problem').textContent.startsWith('Too many tries. Wait ')")
    page.keyboard.type("2468")
    page.keyboard.press("Enter")
    assert desk.wrong_tries == 2
    assert page.locator("[data-key='5']").is_disabled()
    assert "Ewa" not in page.inner_text("body")
    page.clock.fast_forward(600_000)
    until(page, "document.getElementById('pad-problem').textContent === ''")
    page.keyboard.type("2468")
    page.keyboard.press("Enter")
    until(page, shows("Ewa Kowalska"))


def test_the_page_locks_when_nobody_is_there(desk: Any, open_desk: OpenDesk, until: Until, finding: Make) -> None:
    """The person on it is gone from the page, not only covered; a question too."""
    desk.idle_lock_s = 5
    page = open_desk()
    desk.scan("tom", Outcome.DENIED, finding("membership_expired", Outcome.DENIED))
    until(page, shows("Tom Nguyen"))
    time.sleep(GUARD_S)
    page.keyboard.press("o")
    page.wait_for_selector("#ask[open]")
    until(page, "document.body.dataset.mode === 'pad'")
    assert "Tom" not in str(page.evaluate("document.documentElement.outerHTML"))
    assert not page.locator("#ask").is_visible()
    assert page.inner_text("#pad-problem") == "Locked after a while without anyone"
    wait_until(lambda: told(desk, "sign-out"), what="the sign-out")
    assert told(desk, "sign-out") == [{}]


def test_a_sign_in_that_ends_at_the_door_closes_the_page(desk: Any, open_desk: OpenDesk, until: Until) -> None:
    """The socket's 4401 is enough."""
    page = open_desk()
    desk.scan("ewa", Outcome.GRANTED)
    until(page, shows("Ewa Kowalska"))
    desk.close_desks()
    until(page, "document.body.dataset.mode === 'pad'")
    assert "Ewa" not in page.inner_text("body")


def test_a_lost_door_is_said_within_a_second(desk: Any, open_desk: OpenDesk, until: Until, finding: Make) -> None:
    """Nothing can be decided meanwhile, and the same page goes on with the door that comes back."""
    page = open_desk(script=WATCH)
    desk.scan("ewa", Outcome.REVIEW, finding("notify_staff"))
    until(page, shows("Ewa Kowalska"))
    desk.door.set_status("offline", data_as_of="2026-11-21T14:05:00Z")
    until(page, "document.getElementById('link').dataset.connection === 'offline'")
    expect(page.locator("#link-text")).to_contain_text("Offline – data as of")

    def silence_ms() -> float:
        desk.door.stop()
        page.wait_for_selector("#gone", state="visible")
        silence = float(page.evaluate("window.goneAt - window.heardAt"))
        assert page.inner_text("#link-text") == "This door is not answering"
        assert page.locator("#acts .approve").is_disabled()
        desk.door.start()
        page.wait_for_selector("#gone", state="hidden")
        expect(page.locator("#acts .approve")).to_be_enabled()
        assert name(page) == "Ewa Kowalska"
        return silence

    assert fastest(silence_ms, limit=1000) > 300


def test_attendance_check_in_pick_up_and_notes(desk: Any, open_desk: OpenDesk, until: Until) -> None:
    """A child goes home with one of the allowed adults, whose picture is there to compare."""
    page = open_desk()
    page.click("#tab-attendance")
    page.click("[data-person=ava] .mark_in")
    page.wait_for_selector("[data-state=in] [data-person=ava]")
    page.click("[data-person=ava] .note")
    page.keyboard.type("Left her towel")
    page.click("#ask [type=submit]")
    page.wait_for_selector("[data-person=ava] q")
    page.click("[data-person=ava] .pick_up")
    page.wait_for_selector("#ask .adult img.loaded")
    assert page.locator("#ask .effect").all_inner_texts() == [
        "Ava leaves with Marta Kowalska",
        "Ava leaves with Jean-Baptiste Charbonneau",
    ]
    page.click("[data-adult=c1]")
    page.wait_for_selector("[data-state=out] [data-person=ava]")
    wait_until(lambda: told(desk, "pick-up"), what="the pick-up")
    assert told(desk, "pick-up") == [{"person": "ava", "adult": "c1", "occurrence": "o1"}]
    assert [body.get("mark", body.get("note")) for body in told(desk, "attendance")] == ["in", "Left her towel"]


def test_who_is_inside_can_be_read_without_the_door(desk: Any, open_desk: OpenDesk, until: Until) -> None:
    """The evacuation list stays, says of when it is, and prints without the rest of the page."""
    page = open_desk()
    page.click("#tab-inside")
    page.wait_for_selector("#total")
    assert page.inner_text("#total") == "8"
    desk.door.stop()
    until(
        page,
        "document.querySelector('.inside .warn').textContent.startsWith('The door is not answering: this is the list')",
    )
    assert page.locator(".inside li").count() == 6
    assert "and 2 whose name is not known" in page.inner_text("#inside")
    page.emulate_media(media="print")
    expect(page.locator(".inside li .tick").first).to_be_visible()
    expect(page.locator(".bar")).not_to_be_visible()


def test_the_language_is_the_staff_member_s_and_can_be_switched(
    desk: Any, open_desk: OpenDesk, until: Until, finding: Make
) -> None:
    """Everything at once, the person on the page too."""
    page = open_desk(pin="1357")
    desk.scan("ewa", Outcome.REVIEW, finding("notify_staff"))
    until(page, shows("Ewa Kowalska"))
    assert page.inner_text(".standing strong") == "À vérifier"
    assert page.get_attribute("html", "lang") == "fr"
    assert acts(page)[1] == "Refuser\u00a0: Ewa n’entre pas; rien n’est utilisé"
    page.click("#language")
    until(page, "document.querySelector('.standing strong').textContent === 'Needs review'")
    assert desk.staff["1357"].language is Language.EN
