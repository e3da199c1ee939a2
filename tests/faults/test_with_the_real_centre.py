"""The real door and the real centre: kills under scanning, and ten thousand events after a broker's outage."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from edge_agent.enrolment import enroll
from edge_agent.ledger import SqliteLedger
from edge_agent.settings import AgentSettings
from gatehouse.demo.people import by_key
from gatehouse.demo.processes import Child
from gatehouse.demo.sample import ORGANIZATION_ID, SITE_ID, seed
from gatehouse.demo.screens import ScreenWatch
from gatehouse.demo.venue import Venue
from server.db import Database
from server.devices.service import create_enrolment_code
from server.models import Alarm, Event, PassUse, QuarantinedMessage
from server.pictures.store import PictureStore
from server.settings import ServerSettings
from tests.component.edge_agent.making import denied, open_unsynced
from tests.component.edge_agent.running import Mosquitto, free_port, wait_until
from tests.patience import PATIENCE_S

KILLS = 60 if os.environ.get("GATEHOUSE_FAULTS") == "full" else 8
EVENTS = 10_000


def ledger_ids(folder: Path) -> set[str]:
    """The ids in a door's ledger."""
    with closing(sqlite3.connect(f"file:{folder / 'ledger.db'}?mode=ro", uri=True)) as ledger:
        seqs_and_ids = ledger.execute("SELECT seq, id FROM events ORDER BY seq").fetchall()
    assert [seq for seq, _ in seqs_and_ids] == list(range(1, len(seqs_and_ids) + 1))
    return {id_ for _, id_ in seqs_and_ids}


def centre_ids(database: Database) -> set[str]:
    """The ids the centre has recorded."""
    with database.read() as session:
        return set(session.scalars(select(Event.id)))


def test_a_door_killed_again_and_again_and_the_centre_agree() -> None:
    """Every shown answer is a durable event, the centre's set is the ledger's, and no use is taken twice."""
    chosen, stop = random.Random(23), threading.Event()
    codes = [person.member_id.encode() for person in by_key().values()]
    with Venue(say=lambda text: None) as venue:
        door = venue.doors["pool"]
        watch = ScreenWatch(door.kiosk_url)

        def scan() -> None:
            while not stop.wait(chosen.uniform(0.005, 0.05)):
                door.scan(chosen.choice(codes))

        scanning = threading.Thread(target=scan, daemon=True)
        scanning.start()
        shown: set[str] = set()
        for number in range(KILLS):
            # Every other kill falls into the start-up, the others into scanning.
            if number % 2:
                time.sleep(chosen.uniform(0.0, 1.5))
            else:
                see(watch, shown, 4)
            door.agent.kill()
            door.agent.start()
        see(watch, shown, 4)
        stop.set()
        scanning.join(PATIENCE_S)
        database = venue.open_database()

        def agree() -> bool:
            # The door may still be answering what its reader had taken in: what it shows is looked at first.
            shown.update(iter_shown(watch))
            return shown <= (recorded := ledger_ids(door.data_dir)) and recorded == centre_ids(database)

        wait_until(agree, what="every shown answer in the ledger, and the same set at the centre")
        watch.close()
        recorded = centre_ids(database)
        assert len(recorded) > KILLS
        assert len(shown) > KILLS
        pulses = sum(event.is_on for event in door.relay.events)
        with database.read() as session:
            took = {
                event.id
                for event in session.scalars(select(Event))
                if (json.loads(event.body).get("entitlement") or {}).get("takes_use")
            }
            granted = sum(event.outcome == "granted" for event in session.scalars(select(Event)))
            assert 0 < pulses <= granted, "a door was released without a record"
            uses = set(session.scalars(select(PassUse.id).where(PassUse.id.in_(recorded))))
            assert took == uses
            assert not list(session.scalars(select(Alarm)))
            assert not list(session.scalars(select(QuarantinedMessage)))
        database.close()


def see(watch: ScreenWatch, shown: set[str], count: int) -> None:
    """Waits for so many answers on the visitor's screen and adds their ids to those shown."""
    for _ in range(count):
        seen = watch.next(PATIENCE_S)
        assert seen is not None, "no answer was shown"
        shown.add(seen.id)


def iter_shown(watch: ScreenWatch) -> Iterator[str]:
    """The ids that the visitor's screen was told."""
    while (seen := watch.next(0.05)) is not None:
        yield seen.id


@pytest.mark.mosquitto
@pytest.mark.skipif(Mosquitto.path() is None, reason="mosquitto is not installed: apt-get install mosquitto")
def test_ten_thousand_events_reach_the_centre_after_the_brokers_outage(tmp_path: Path) -> None:
    """Complete and once each, through a Mosquitto with its default settings that was away while they happened."""
    broker = Mosquitto()
    settings = ServerSettings(
        data_dir=tmp_path / "centre", http_port=free_port(), mqtt_url=f"mqtt://127.0.0.1:{broker.port}"
    )
    centre = start_centre(tmp_path, settings)
    door = AgentSettings.of(
        {
            "data_dir": str(tmp_path / "door"),
            "centre_url": settings.browser_url,
            "http_port": free_port(),
            "http_fallback_after_s": 3600,
        }
    )
    agent = start_door(tmp_path, settings, door)
    database = Database(settings.effective_database_url)
    try:
        agent.start()
        broker.start()
        wait_until(lambda: len(centre_ids(database)) == EVENTS, timeout_s=300, what="every event at the centre")
        assert centre_ids(database) == ledger_ids(tmp_path / "door")
    finally:
        agent.stop()
        centre.stop()
        broker.stop()
        database.close()


def start_centre(folder: Path, settings: ServerSettings) -> Child:
    """A centre with the sample organization, whose broker is away."""
    settings.data_dir.mkdir(parents=True)
    database = Database(settings.effective_database_url)
    database.migrate()
    store = PictureStore(settings.data_dir / "pictures")
    with database.write() as session:
        seed(session, now=datetime.now(UTC), put_picture=store.put)
    database.close()
    config = folder / "centre.toml"
    config.write_text(
        f'data_dir = "{settings.data_dir}"\nhttp_port = {settings.http_port}\nmqtt_url = "{settings.mqtt_url}"\n'
    )
    arguments = ["server", "--config", str(config)]
    centre = Child("centre", arguments, log=folder / "centre.log", health_url=f"{settings.browser_url}/health")
    centre.start()
    centre.wait_until_ready()
    return centre


def start_door(folder: Path, settings: ServerSettings, door: AgentSettings) -> Child:
    """An enrolled door, not started yet, with ten thousand events that nobody has received."""
    database = Database(settings.effective_database_url)
    with database.write() as session:
        code = create_enrolment_code(session, ORGANIZATION_ID, SITE_ID, "Door", ["pool"])
    database.close()
    identity = enroll(door, code)
    ledger = SqliteLedger(folder / "door" / "ledger.db", connect=open_unsynced)
    make = denied(device=identity.device)
    for _ in range(EVENTS):
        ledger.record(make)
    ledger.close()
    config = folder / "door.toml"
    config.write_text(
        f'data_dir = "{door.data_dir}"\ncentre_url = "{door.centre_url}"\nhttp_port = {door.http_port}\n'
        f"http_fallback_after_s = 3600\n"
    )
    health = f"http://127.0.0.1:{door.http_port}/health"
    return Child("door", ["agent", "--config", str(config)], log=folder / "door.log", health_url=health)
