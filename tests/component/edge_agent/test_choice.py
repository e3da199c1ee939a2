"""The visitor's choice on a real door: large buttons, a limit of time, the next scan, and no race between them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from access.domain.multipasses import Multipass
from access.domain.people import Text
from access.domain.policy import AccessPoint
from edge_agent.choosing import CHOICE_S
from hardware.simulated import SimulatedRelayBoard, SimulatedScanner
from tests.chromium import settle
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.running import AgentProcess, wait_until
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, sample

pytestmark = pytest.mark.browser
KEY = hashlib.sha256(b"fingerprints").digest()


@pytest.fixture
def agent(scanner: SimulatedScanner, board: SimulatedRelayBoard, tmp_path: Path) -> Iterator[AgentProcess]:
    """A pool that asks; the member has a multipass too."""
    bodies = [replace(each, is_choice_offered=True) if isinstance(each, AccessPoint) else each for each in sample(KEY)]
    swims = Multipass(
        id="x1", account_id="a1", type_id="swim", name=Text("Ten swims", "Dix bains"), person_id="p1",
        purchased_on=date(2020, 1, 1), total=10,
    )  # fmt: skip
    with (
        FakeCentre(tmp_path, [*bodies, swims]) as centre,
        AgentProcess(tmp_path, centre_url=centre.url, port=scanner.port, uplink="http") as agent,
    ):
        agent.add_strike(board.port)
        agent.enroll()
        agent.start()
        agent.wait_ready()
        yield agent


@pytest.fixture
def page(browser: Browser, agent: AgentProcess) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{agent.http_port}/kiosk/pool")
    page.wait_for_selector('body[data-mode="idle"]')
    yield page
    context.close()


def test_the_visitor_says_what_is_used(
    page: Page, agent: AgentProcess, scanner: SimulatedScanner, board: SimulatedRelayBoard
) -> None:
    """Nothing is recorded or opened before the touch; the second of two is used, and the event says it was chosen."""
    scanner.present(MEMBER_CARD.encode())
    page.wait_for_selector('body[data-mode="choice"]')
    options = page.locator("#options button")
    expect(options).to_have_count(2)
    settle(page)
    boxes = [each.bounding_box() for each in options.all()]
    assert all(box is not None and min(box["width"], box["height"]) >= 96 for box in boxes)
    assert (agent.events(), board.events) == ([], [])
    options.nth(1).click()
    expect(page.locator("#lines")).to_contain_text("Ten swims: 9 of 10 left")
    (event,) = agent.events()
    assert event.entitlement is not None
    assert (event.entitlement.id, event.entitlement.is_chosen, event.entitlement.takes_use) == ("x1", True, True)
    wait_until(lambda: len(board.events) >= 1, what="the pulse")


def test_who_does_not_choose_gets_the_order_of_the_access_point(
    page: Page, agent: AgentProcess, scanner: SimulatedScanner
) -> None:
    """After the time, or at once when somebody else scans; one event each, in the order of the scans."""
    scanner.present(MEMBER_CARD.encode())
    page.wait_for_selector('body[data-mode="choice"]')
    scanner.present(PASS_CARD.encode())
    wait_until(lambda: len(agent.events()) == 2, what="both scans")
    first, second = agent.events()
    assert first.entitlement is not None
    assert [first.person, second.person] == ["p1", "p2"]
    assert (first.entitlement.type, first.entitlement.is_chosen) == ("membership", False)
    expect(page.locator("#title")).to_contain_text("Zoé2")


def test_time_runs_out(page: Page, agent: AgentProcess, scanner: SimulatedScanner) -> None:
    """The page counts down and the door decides by itself."""
    started = time.monotonic()
    scanner.present(MEMBER_CARD.encode())
    page.wait_for_selector('body[data-mode="choice"]')
    expect(page.locator("#choose-else")).to_contain_text("Gym")
    wait_until(lambda: len(agent.events()) == 1, what="the default")
    assert time.monotonic() - started > CHOICE_S - 0.5
    page.wait_for_selector('body[data-mode="verdict"]')
