"""A real agent and a real centre, over each broker: what the back office asks of a door is done, and heard of."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from access.wire.commands import CommandKind
from access.wire.topics import Channel, DeviceTopic
from edge_agent.commands import RESTART_STATUS
from edge_agent.enrolment import enroll
from edge_agent.settings import AgentSettings
from hardware.simulated import SimulatedScanner
from server.devices.commands import end_door, issue
from server.devices.service import create_enrolment_code
from server.models import Device, DeviceCommand, Event
from tests.patience import PATIENCE_S
from tests.ports import free_port

Wait = Callable[..., Any]


class LiveDoor:
    """An agent process with a scanner at the club's entrance, started again as systemd would when it asks for that."""

    def __init__(self, venue: Any, folder: Path, port: str, *, uplink: str = "mqtt") -> None:
        self.venue, self.folder = venue, folder
        folder.mkdir()
        self.config = folder / "agent.toml"
        values = {
            "data_dir": str(folder / "door"),
            "centre_url": venue.centre.url,
            "http_port": free_port(),
            "uplink": uplink,
        }
        reader = {"name": "front", "driver": "serial", "port": port, "access_point": "entrance"}
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        lines += ["[[readers]]", *(f"{name} = {json.dumps(value)}" for name, value in reader.items())]
        self.config.write_text("\n".join(lines) + "\n")
        with venue.database.write() as session:
            code = create_enrolment_code(session, "club", "main", "Door", ["entrance"])
        self.identity = enroll(AgentSettings.load(self.config), code)
        if venue.mosquitto:
            venue.mosquitto.reload(venue.database)
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    def start(self) -> None:
        """Starts it."""
        self.starts += 1
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "edge_agent", "--config", str(self.config)]
            self.process = subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=log, stderr=log)

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def look_after(self) -> None:
        """What systemd does."""
        assert self.process
        if self.process.poll() is not None:
            assert self.process.returncode == RESTART_STATUS
            self.start()

    def state(self) -> dict[str, Any]:
        """What the centre knows of it."""
        with self.venue.database.read() as session:
            return session.get_one(Device, self.identity.device).last_state or {}

    def ask(self, kind: CommandKind) -> str:
        """Has the back office ask something."""
        with self.venue.database.write() as session:
            return issue(session, "club", self.identity.device, kind).id

    def answer(self, command_id: str) -> str:
        """What it finally said."""
        self.look_after()
        with self.venue.database.read() as session:
            row = session.get_one(DeviceCommand, command_id)
            return row.answer if row.answered_at else ""

    def commands(self) -> list[DeviceCommand]:
        """All that was asked."""
        with self.venue.database.read() as session:
            return list(session.scalars(select(DeviceCommand).order_by(DeviceCommand.issued_at)))

    def rows(self, statement: str) -> list[Any]:
        """What its ledger holds."""
        with closing(sqlite3.connect(f"file:{self.folder / 'door' / 'ledger.db'}?mode=ro", uri=True)) as ledger:
            return ledger.execute(statement).fetchall()

    def caches(self) -> set[str]:
        """Its cache files."""
        return {path.name for path in (self.folder / "door").glob("cache-*.db")}

    @property
    def log(self) -> str:
        """What it logged."""
        return (self.folder / "log").read_text()


@pytest.fixture
def scanner() -> Iterator[SimulatedScanner]:
    with SimulatedScanner() as scanner:
        yield scanner


@pytest.fixture
def door(venue: Any, scanner: SimulatedScanner, tmp_path: Path, wait_until: Wait) -> Iterator[LiveDoor]:
    """A door that is connected and has its cache."""
    door = LiveDoor(venue, tmp_path / "edge", scanner.port)
    door.start()
    wait_until(lambda: door.state().get("cache"))
    yield door
    door.kill()


def test_a_live_door_does_what_it_is_asked(
    door: LiveDoor, scanner: SimulatedScanner, venue: Any, wait_until: Wait
) -> None:
    """Refresh: another cache file. Restart: another process. Wipe: nothing about people but what the centre has not
    got, then fetched anew. Each is answered, and done once however often it is said."""
    before = door.caches()
    assert wait_until(lambda id_=door.ask(CommandKind.REFRESH): door.answer(id_)) == "done"
    assert door.caches() != before
    started_at = door.state()["started_at"]
    assert wait_until(lambda id_=door.ask(CommandKind.RESTART): door.answer(id_)) == "done"
    assert door.starts == 2
    assert wait_until(lambda: door.state()["started_at"] != started_at)
    scanner.present(b"12345678")
    wait_until(lambda: _events(venue))
    wait_until(lambda: door.rows("SELECT count(*) FROM outbox") == [(0,)])
    before = door.caches()
    assert wait_until(lambda id_=door.ask(CommandKind.WIPE): door.answer(id_)) == "done"
    assert door.rows("SELECT count(*) FROM scans") == [(0,)]
    wait_until(lambda: door.caches() and door.caches() != before)
    wait_until(lambda: door.state().get("cache"))
    ids = [each.id for each in door.commands()]
    assert [door.log.count(f"command_begun id={each}") + door.log.count(f'"id": "{each}", "kind"') for each in ids] == [
        1,
        1,
        1,
    ]


def _events(venue: Any) -> list[str]:
    with venue.database.read() as session:
        return list(session.scalars(select(Event.id)))


def test_a_door_that_was_away_is_told_when_it_comes_back(door: LiveDoor, wait_until: Wait) -> None:
    """The broker need not have kept anything: the centre says it again."""
    door.kill()
    wait_until(lambda: door.state()["connection"] == "offline")
    assert door.state()["readers"], "what it had said is still known"
    id_ = door.ask(CommandKind.REFRESH)
    door.start()
    assert wait_until(lambda: door.answer(id_)) == "done"


def test_a_revoked_door_wipes_itself_and_the_centre_hears_of_it(
    door: LiveDoor, scanner: SimulatedScanner, venue: Any, wait_until: Wait
) -> None:
    """In the session it still has, or over HTTP when the broker has closed that."""
    scanner.present(b"12345678")
    wait_until(lambda: _events(venue))
    waiting = door.ask(CommandKind.WIPE)
    with venue.database.write() as session:
        end_door(session, "club", door.identity.device)
    if venue.mosquitto:
        venue.mosquitto.reload(venue.database)
    wait_until(lambda: [each.answer for each in door.commands() if each.kind == "revoke"] == ["done"])
    assert door.caches() == set()
    assert door.rows("SELECT count(*) FROM scans") == [(0,)]
    with venue.database.read() as session:
        assert session.get_one(DeviceCommand, waiting).answered_at is not None


def test_a_door_without_mqtt_is_told_over_http(
    embedded_venue: Any, scanner: SimulatedScanner, tmp_path: Path, wait_until: Wait
) -> None:
    """Its state goes the same way, so the back office sees it."""
    door = LiveDoor(embedded_venue, tmp_path / "edge", scanner.port, uplink="http")
    door.start()
    try:
        wait_until(lambda: door.state().get("cache"))
        before = door.caches()
        assert wait_until(lambda id_=door.ask(CommandKind.REFRESH): door.answer(id_)) == "done"
        assert door.caches() != before
    finally:
        door.kill()


def test_another_door_hears_nothing_of_it_and_can_ask_nothing(venue: Any, wait_until: Wait) -> None:
    """Commands are for one door each, and only the centre publishes them."""
    mine, other = venue.door(), venue.door()
    mine.subscribe(mine.topic(Channel.COMMANDS), other.topic(Channel.COMMANDS), "gatehouse/v1/club/main/+/commands")
    other.subscribe(other.topic(Channel.COMMANDS))
    mine.say(other.topic(Channel.COMMANDS), b"forged")
    with venue.database.write() as session:
        issue(session, "club", other.identity.device, CommandKind.REFRESH)
    wait_until(lambda: other.said(Channel.COMMANDS))
    assert b"forged" not in other.said(Channel.COMMANDS)
    assert not [topic for topic, _ in mine.heard if topic.endswith("/commands")]
    assert str(DeviceTopic("club", "main", other.identity.device, Channel.COMMANDS)) == other.topic(Channel.COMMANDS)
