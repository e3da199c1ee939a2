"""The broker is away while ten thousand things happen; afterwards the centre has every one of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.ledger import SqliteLedger
from hardware.simulated import SimulatedScanner
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.making import fill, open_unsynced
from tests.component.edge_agent.running import AgentProcess, Mosquitto, wait_until
from tests.component.edge_agent.sample import MEMBER_CARD, sample

EVENTS = 10_000
KEY = hashlib.sha256(b"fingerprints").digest()

pytestmark = [
    pytest.mark.mosquitto,
    pytest.mark.skipif(Mosquitto.path() is None, reason="mosquitto is not installed: apt-get install mosquitto"),
]


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    broker = Mosquitto()
    yield broker
    broker.stop()


def test_ten_thousand_events_arrive_after_an_outage(broker: Mosquitto, tmp_path: Path) -> None:
    """Complete, with Mosquitto's default limits, killed once on the way; a live scan does not wait for the backlog."""
    with (
        FakeCentre(tmp_path, sample(KEY), mqtt_port=broker.port) as centre,
        SimulatedScanner() as scanner,
        AgentProcess(tmp_path, centre_url=centre.url, port=scanner.port, http_fallback_after_s=3600) as agent,
    ):
        agent.enroll()
        ledger = SqliteLedger(agent.ledger_path, connect=open_unsynced)
        fill(ledger, EVENTS)
        ledger.close()
        agent.start()
        agent.wait_ready()
        assert agent.health()["outbox"] == EVENTS
        broker.start()
        started = time.monotonic()
        wait_until(lambda: len(centre.events) > 200, what="the first events")
        scanner.present(MEMBER_CARD.encode())
        wait_until(lambda: EVENTS + 1 in centre.events, what="the live event")
        wait_until(lambda: len(centre.events) > EVENTS // 2, 300, what="half of the events")
        broker.stop()
        broker.start()
        wait_until(lambda: agent.health().get("outbox") == 0, timeout_s=300, what="an empty outbox")
        took_s = time.monotonic() - started
        assert sorted(centre.events) == list(range(1, EVENTS + 2))
        assert centre.received.index(EVENTS + 1) < EVENTS // 2, "a live scan waited for the backlog"
        assert agent.stop() == 0
    print(f"{EVENTS} events in {took_s:.1f} s, {len(centre.received)} offered")
