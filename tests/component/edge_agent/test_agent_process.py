"""The agent as a process: the kiosk's messages, health, headers, restart, and what it never logs."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from edge_agent.agent import Agent
from edge_agent.settings import AgentSettings
from hardware.simulated import SimulatedRelayBoard, SimulatedScanner
from tests.component.edge_agent.fake_centre import FakeCentre
from tests.component.edge_agent.running import AgentProcess, wait_until
from tests.component.edge_agent.sample import MEMBER_CARD, PASS_CARD, sample
from tests.patience import PATIENCE_S, fastest

KEY = hashlib.sha256(b"fingerprints").digest()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[FakeCentre]:
    with FakeCentre(tmp_path, sample(KEY)) as centre:
        yield centre


@pytest.fixture
def agent(centre: FakeCentre, scanner: SimulatedScanner, tmp_path: Path) -> Iterator[AgentProcess]:
    with AgentProcess(tmp_path, centre_url=centre.url, port=scanner.port, uplink="http") as agent:
        agent.enroll()
        agent.start()
        agent.wait_ready()
        yield agent


def _page(agent: AgentProcess, point: str = "pool") -> ClientConnection:
    return connect(f"ws://127.0.0.1:{agent.http_port}/ws/kiosk/{point}", open_timeout=PATIENCE_S)


def _next(page: ClientConnection, kind: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        message = json.loads(page.recv(timeout=PATIENCE_S))
        if message["type"] == kind:
            return dict(message)
    raise AssertionError(f"no {kind} came")


def _get(agent: AgentProcess, path: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{agent.http_port}{path}", timeout=PATIENCE_S) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


def test_a_page_hears_hello_status_beats_and_the_screen(agent: AgentProcess, scanner: SimulatedScanner) -> None:
    """The contract, in order; what was painted is timed."""
    with _page(agent) as page:
        first, second = json.loads(page.recv(timeout=PATIENCE_S)), json.loads(page.recv(timeout=PATIENCE_S))
        assert (first["type"], first["v"], first["last"]) == ("hello", 1, None)
        assert first["organization"] == {"en": "Maple Grove", "fr": "Érablière"}
        assert first["access_point"] == {"id": "pool", "en": "Pool", "fr": "Piscine"}
        assert (first["readers"], first["time_zone"]) == (["barcode"], "America/Toronto")
        assert second == {"type": "status", "connection": "connected", "data_as_of": None, "cause": None}
        beats = (datetime.fromisoformat(_next(page, "beat")["at"]) for _ in range(30))
        between = (((after - before).total_seconds()) for before, after in itertools.pairwise(beats))
        assert fastest(lambda: next(between), limit=0.5) > 0.15
        scanner.present(PASS_CARD.encode())
        screen = _next(page, "screen")["screen"]
        assert (screen["outcome"], screen["title"]) == ("granted", "Welcome, Zoé2")
        assert "4 of 5 left" in screen["lines"][0]["text"]
        page.send(json.dumps({"type": "painted", "id": screen["id"]}))
        page.send("not json")
        page.send("[]")
        wait_until(lambda: json.loads(_get(agent, "/timings")[2])[0]["painted_ms"], what="the painted frame")
        _next(page, "beat")


def pulses(board: SimulatedRelayBoard) -> int:
    """How often the door was opened."""
    return len([each for each in board.events if each.is_on])


def test_a_restart_shows_the_last_answer_again_and_pulses_nothing(
    centre: FakeCentre, scanner: SimulatedScanner, tmp_path: Path
) -> None:
    """Killed right after an answer: the page gets it in hello; the relay is not pulsed again."""
    with (
        SimulatedRelayBoard() as board,
        AgentProcess(tmp_path, centre_url=centre.url, port=scanner.port, uplink="http") as agent,
    ):
        agent.add_strike(board.port)
        agent.enroll()
        last, tries = None, 0
        while last is None and tries < 20:  # an answer whose time on the screen is over is not shown again
            tries += 1
            agent.start()
            agent.wait_ready()
            with _page(agent) as page:
                _next(page, "hello")
                scanner.present(MEMBER_CARD.encode())
                screen = _next(page, "screen")["screen"]
            wait_until(lambda tries=tries: pulses(board) == tries, what="the pulse")
            agent.kill()
            # Its time is short: the second life does without the start of a process.
            again = Agent(AgentSettings.load(agent.config))
            again.start()
            try:
                wait_until(agent.health, what="an answer")
                with _page(agent) as page:
                    last = _next(page, "hello")["last"]
                time.sleep(0.3)
            finally:
                again.stop()
            assert pulses(board) == tries
        assert last is not None
        assert (last["id"], last["title"], last["outcome"]) == (screen["id"], screen["title"], screen["outcome"])


def test_a_reader_that_is_pulled_out_is_said_and_comes_back(agent: AgentProcess, scanner: SimulatedScanner) -> None:
    """In the page's words; how soon is the drivers' own test."""
    with _page(agent) as page:
        _next(page, "status")
        scanner.unplug()
        lost = _next(page, "status")
        assert (lost["connection"], lost["cause"]) == ("out_of_service", "reader_lost")
        scanner.replug()
        assert _next(page, "status")["connection"] == "connected"


def test_pages_come_with_careful_headers_and_only_for_known_points(agent: AgentProcess) -> None:
    """Nothing from elsewhere, nothing sniffed, nothing kept."""
    status, headers, body = _get(agent, "/kiosk/pool")
    assert status == 200
    assert b"visitor.js" in body
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert _get(agent, "/static/kiosk/visitor.js")[0] == 200
    for path in ("/kiosk/attic", "/pictures/" + "0" * 64, "/pictures/..%2fledger.db", "/static/kiosk/../__init__.py"):
        assert _get(agent, path)[0] == 404
    with pytest.raises(WebSocketException):
        _page(agent, "attic")
    with pytest.raises(WebSocketException):
        connect(f"ws://127.0.0.1:{agent.http_port}/ws/kiosk/pool", origin="http://evil.example")


def test_the_centre_goes_away_and_the_page_says_offline(
    centre: FakeCentre, agent: AgentProcess, scanner: SimulatedScanner
) -> None:
    """After ten silent seconds, with the age of the data; decisions go on, marked as offline."""
    with _page(agent) as page:
        _next(page, "status")
        centre.stop_http()
        status = _next(page, "status")
        assert status["connection"] == "offline"
        assert status["data_as_of"]
        scanner.present(MEMBER_CARD.encode())
        screen = _next(page, "screen")["screen"]
        assert (screen["outcome"], screen["is_offline"]) == ("granted", True)


def test_health_and_log_tell_no_secret_and_a_second_agent_is_refused(
    agent: AgentProcess, scanner: SimulatedScanner
) -> None:
    """No code, no name, no secret, no key anywhere; and one folder has one writer."""
    scanner.present(MEMBER_CARD.encode())
    scanner.present(b"secret-looking-code")
    wait_until(lambda: agent.health()["seq"] == 2, what="two events")
    second = AgentProcess(agent.folder, centre_url="http://127.0.0.1:1", port=scanner.port)
    second.start()
    assert second._process is not None
    assert second._process.wait(PATIENCE_S) == 2
    assert agent.stop() == 0
    log = agent.log.read_text()
    assert "another agent is running" in log
    secrets = (MEMBER_CARD, "secret-looking-code", "Zoé1", "Tremblay", "s" * 40, KEY.hex())
    assert [each for each in secrets if each in log] == []
