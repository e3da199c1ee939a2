"""Something fails inside a scan: nobody gets in, the pages say so at once, and the next good scan ends it."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from websockets.sync.client import connect

from edge_agent.agent import Agent
from edge_agent.enrolment import enroll
from edge_agent.faults import FAULT_S, ScanFaults
from edge_agent.settings import AgentSettings
from edge_agent.status import Cause, Condition
from hardware.simulated import SimulatedRelayBoard, SimulatedScanner
from tests.component.edge_agent.fake_centre import CODE, FakeCentre
from tests.component.edge_agent.making import FakeTime
from tests.component.edge_agent.running import wait_until
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, sample

KEY = hashlib.sha256(b"fingerprints").digest()


class Entropy:
    """A source of randomness that may run dry: what nobody expects in the middle of a scan."""

    def __init__(self) -> None:
        self.is_dry = False

    def __call__(self, size: int) -> bytes:
        """So many bytes."""
        if self.is_dry:
            raise RuntimeError("nothing comes")
        return os.urandom(size)


@pytest.mark.browser
def test_a_fault_inside_a_scan_is_seen_at_both_pages(
    browser: Browser, scanner: SimulatedScanner, board: SimulatedRelayBoard, tmp_path: Path
) -> None:
    """The answer of the one before does not stay for the next; nothing is recorded, nothing released."""
    entropy = Entropy()
    with FakeCentre(tmp_path, sample(KEY)) as centre:
        at = {"access_point": "pool", "driver": "serial"}
        settings = AgentSettings.of(
            {
                "data_dir": tmp_path / "door",
                "centre_url": centre.url,
                "http_port": 0,
                "uplink": "http",
                "readers": [{"name": "front", "port": scanner.port, **at}],
                "relays": [{"name": "strike", "port": board.port, **at}],
            }
        )
        enroll(settings, CODE)
        agent = Agent(settings, random=entropy)
        agent.start()
        try:
            wait_until(lambda: agent.status("pool").condition is Condition.CONNECTED, what="a door in service")
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{agent.web.port}/kiosk/pool")
            expect(page.locator("body")).to_have_attribute("data-mode", "idle")
            scanner.present(MEMBER_CARD.encode())
            expect(page.locator("body")).to_have_attribute("data-outcome", "granted")
            entropy.is_dry = True
            with connect(f"ws://127.0.0.1:{agent.web.port}/ws/desk/pool") as desk:
                scanner.present(PASS_CARD.encode())
                expect(page.locator("body")).to_have_attribute("data-mode", "out")
                expect(page.locator("body")).to_contain_text("A card could not be checked")
                expect(page.locator("body")).to_contain_text("Please see the desk")
                while json.loads(desk.recv(timeout=20)).get("cause") != "fault":
                    pass
            assert agent.ledger.last_seq == 1
            assert len([each for each in board.events if each.is_on]) == 1
            entropy.is_dry = False
            scanner.present(PASS_CARD.encode())
            expect(page.locator("body")).to_have_attribute("data-outcome", "granted")
            wait_until(lambda: agent.status("pool").condition is Condition.CONNECTED, what="a door in service again")
            assert agent.ledger.last_seq == 2
        finally:
            agent.stop()


def test_a_fault_is_said_until_the_next_scan_or_for_a_while() -> None:
    """One access point's trouble is not another's."""
    time = FakeTime()
    faults = ScanFaults(time.monotonic)
    faults.fail("pool")
    assert (faults.is_failing("pool"), faults.is_failing("gym")) == (True, False)
    faults.clear("pool")
    assert not faults.is_failing("pool")
    faults.fail("pool")
    time.pass_(FAULT_S)
    assert not faults.is_failing("pool")
    assert Cause.FAULT == "fault"
