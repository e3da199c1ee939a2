"""The agent is killed with SIGKILL again and again under scanning: nothing is lost, nothing happens twice."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from access.wire.canonical import digest
from access.wire.events import FIRST_PREV
from hardware.simulated import SimulatedScanner
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.running import AgentProcess, Mosquitto, wait_until
from tests.component.edge_agent.sample import sample
from tests.patience import PATIENCE_S

KILLS = 200 if os.environ.get("GATEHOUSE_FAULTS") == "full" else 15
KEY = hashlib.sha256(b"fingerprints").digest()
CARDS = [b"10001", b"10002", b"10003", b"99999", *(str(20000 + number).encode() for number in range(40))]

pytestmark = [
    pytest.mark.mosquitto,
    pytest.mark.skipif(Mosquitto.path() is None, reason="mosquitto is not installed: apt-get install mosquitto"),
]


class Page:
    """A kiosk page that notes every screen it is shown and comes back whenever the door went away."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.screens: dict[str, dict[str, Any]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Page:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)

    def see(self, count: int) -> None:
        """Waits for so many screens more."""
        wanted = len(self.screens) + count
        wait_until(lambda: len(self.screens) >= wanted, what="the next screens")

    def _run(self) -> None:
        while not self._stop.is_set():
            with (
                suppress(OSError, WebSocketException, TimeoutError),
                connect(self._url, open_timeout=PATIENCE_S) as socket,
            ):
                while not self._stop.is_set():
                    self._note(json.loads(socket.recv(timeout=PATIENCE_S)))
            time.sleep(0.02)

    def _note(self, message: dict[str, Any]) -> None:
        screen = message.get("screen") or message.get("last")
        if screen:
            self.screens[screen["id"]] = screen


class Presenting:
    """Somebody who presents cards without a pause, until told to stop."""

    def __init__(self, scanner: SimulatedScanner) -> None:
        self._scanner = scanner
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Presenting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        chosen = random.Random(7)
        while not self._stop.wait(chosen.uniform(0.002, 0.03)):
            self._scanner.present(chosen.choice(CARDS))


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[FakeCentre]:
    # A pass of three uses runs out within a few scans: a use too many would show.
    bodies = sample(KEY, passes=3, extra=40, duplicate_window_s=1)
    with Mosquitto() as broker, FakeCentre(tmp_path, bodies, mqtt_port=broker.port) as centre:
        yield centre


def test_nothing_is_lost_and_nothing_happens_twice(centre: FakeCentre, tmp_path: Path) -> None:
    """Shown grants are durable events, seq and chain have no gap, no use counts twice, the centre gets every event."""
    chosen = random.Random(11)
    with (
        SimulatedScanner() as scanner,
        AgentProcess(tmp_path, centre_url=centre.url, port=scanner.port) as agent,
        Page(f"ws://127.0.0.1:{agent.http_port}/ws/kiosk/pool") as page,
    ):
        agent.enroll()
        started = time.monotonic()
        with Presenting(scanner):
            agent.start()
            agent.wait_ready()
            for number in range(KILLS):
                # Every other kill falls into the start-up, the others into scanning.
                if number % 2:
                    time.sleep(chosen.uniform(0.0, 0.9))
                else:
                    page.see(4)
                    time.sleep(chosen.uniform(0.0, 0.3))
                agent.kill()
                agent.start()
            page.see(4)
        per_kill_s = (time.monotonic() - started) / KILLS
        wait_until(lambda: agent.health().get("outbox") == 0, what="an empty outbox")
        assert agent.stop() == 0
    events = _check_ledger(agent.ledger_path)
    assert len(events) > KILLS
    assert centre.events == events
    _check_shown(page.screens, events)
    print(f"{KILLS} kills, {per_kill_s:.2f} s each, {len(events)} events, {len(page.screens)} screens seen")


def _check_ledger(path: Path) -> dict[int, dict[str, Any]]:
    with closing(sqlite3.connect(path)) as ledger:
        assert ledger.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = ledger.execute("SELECT seq, body FROM events ORDER BY seq").fetchall()
        uses = ledger.execute("SELECT multipass_id, count(*) FROM pass_uses GROUP BY multipass_id").fetchall()
        used_by = {row[0] for row in ledger.execute("SELECT id FROM pass_uses")}
    events = {seq: json.loads(body) for seq, body in rows}
    assert list(events) == list(range(1, len(events) + 1))
    before = FIRST_PREV
    for event in events.values():
        assert event["prev"] == before
        before = digest(event)
    assert len({event["id"] for event in events.values()}) == len(events)
    assert uses
    assert all(count <= 3 for _, count in uses)
    assert used_by == {event["id"] for event in events.values() if event.get("entitlement", {}).get("takes_use")}
    return events


def _check_shown(screens: dict[str, dict[str, Any]], events: dict[int, dict[str, Any]]) -> None:
    recorded = {event["id"]: event for event in events.values()}
    assert len(screens) > KILLS, "too few screens were seen to say anything"
    for id_, screen in screens.items():
        assert id_ in recorded, f"a screen was shown that no event records: {screen['outcome']}"
        assert screen["outcome"] == recorded[id_]["outcome"]
