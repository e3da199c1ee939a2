"""The desk page of a real agent in a real browser, with the centre away: sign in, review, approve, undo."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from hardware.simulated import SimulatedScanner
from tests.component.edge_agent.desk_sample import LEA_PIN, PIN, desk_sample
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.running import AgentProcess
from tests.component.edge_agent.sample import PASS_CARD

pytestmark = pytest.mark.browser
KEY = hashlib.sha256(b"fingerprints").digest()


@pytest.fixture
def agent(scanner: SimulatedScanner, tmp_path: Path) -> Iterator[AgentProcess]:
    """A door that has heard the centre once and never again."""
    with (
        FakeCentre(tmp_path, desk_sample(KEY)) as centre,
        AgentProcess(tmp_path, centre_url=centre.url, port=scanner.port, uplink="http") as agent,
    ):
        agent.enroll()
        agent.start()
        agent.wait_ready()
        centre.stop_http()
        yield agent


def _sign_in(browser: Browser, agent: AgentProcess, pin: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce").new_page()
    page.goto(f"http://127.0.0.1:{agent.http_port}/desk/pool")
    page.wait_for_selector("#pad .key")
    page.keyboard.type(pin)
    page.keyboard.press("Enter")
    page.wait_for_selector('body[data-mode="desk"]')
    return page


def test_a_review_from_the_scan_to_the_undo(browser: Browser, agent: AgentProcess, scanner: SimulatedScanner) -> None:
    """Two desks, one in French: both see the scan, one approves, the other hears it; the use goes and comes back."""
    dana, lea = _sign_in(browser, agent, PIN), _sign_in(browser, agent, LEA_PIN)
    scanner.present(PASS_CARD.encode())
    for page, note in ((dana, "Brings a guest"), (lea, "Brings a guest")):
        expect(page.locator("#person")).to_contain_text("Zoé2 Tremblay")
        expect(page.locator("#person")).to_contain_text(note)
    dana.wait_for_timeout(500)
    dana.locator('#acts [data-act="approve"]').click()
    expect(dana.locator("#person")).to_contain_text("4 of 5 left")
    expect(lea.locator("#person")).to_contain_text("Dana")
    dana.wait_for_timeout(500)  # a second touch of the same finger is passed over
    dana.locator('#acts [data-act="undo"]').click()
    expect(dana.locator("#person")).to_contain_text("5 of 5 left")
    expect(lea.locator('#acts [data-act="approve"]')).to_have_count(0)
    assert not dana.evaluate("document.cookie")
