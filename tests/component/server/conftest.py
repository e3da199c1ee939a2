"""Real databases for the centre's tests: a SQLite file each, and one PostgreSQL server for the whole run."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as paho
import pytest
import uvicorn
from sqlalchemy import create_engine, text

from access.domain.ids import uuid7
from access.wire.canonical import canonical_bytes, digest
from access.wire.enrolment import ENROLL_PATH, Enrolment, EnrolmentRequest
from access.wire.events import FIRST_PREV
from access.wire.receipts import Receipt
from access.wire.sealing import CentrePublicKey
from access.wire.topics import Channel, DeviceTopic
from server.app import create_app
from server.db import Database
from server.devices.mosquitto import write_mosquitto_files
from server.devices.repository import active_devices
from server.devices.service import create_enrolment_code
from server.models import AccessPoint, Base, Device, Multipass, MultipassType, Organization, Person, Site
from server.models.people import Account
from server.settings import ServerSettings
from tests.patience import PATIENCE_S, wait_until
from tests.ports import free_port


def _postgresql_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of our own on a free port, its files gone at the end."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    # PostgreSQL refuses to run as root; its own user must reach the directory.
    home = Path(tmp_path_factory.mktemp("postgresql")) if os.geteuid() else Path(f"/tmp/gatehouse-{uuid.uuid4().hex}")
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    home.mkdir(exist_ok=True)
    if owner:
        os.chown(home, owner.pw_uid, owner.pw_gid)
    port = free_port()
    try:
        _run(
            owner, programs / "initdb", "-D", home / "data", "-U", "gatehouse", "-A", "trust", "--no-sync", "-E", "UTF8"
        )
        options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(owner, programs / "pg_ctl", "-D", home / "data", "-l", home / "log", "-w", "-o", options, "start")
        yield f"postgresql+psycopg://gatehouse@127.0.0.1:{port}/postgres"
        _run(owner, programs / "pg_ctl", "-D", home / "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(owner: pwd.struct_passwd | None, *command: str | Path) -> None:
    user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if owner else {}
    done = subprocess.run(
        [str(part) for part in command],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        check=False,
        **user,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied: the migrations run once."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    return path


@pytest.fixture
def sqlite_database(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    """A migrated SQLite file."""
    shutil.copy(migrated_file, tmp_path / "centre.db")
    database = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    yield database
    database.close()


@pytest.fixture(scope="session")
def migrated_url(postgresql_url: str) -> str:
    """A migrated database on the PostgreSQL server."""
    _on_postgresql(postgresql_url, "CREATE DATABASE migrated")
    url = postgresql_url.removesuffix("postgres") + "migrated"
    database = Database(url)
    database.migrate()
    database.close()
    return url


@pytest.fixture
def postgresql_database(migrated_url: str) -> Iterator[Database]:
    """The migrated database on the PostgreSQL server, empty."""
    database = Database(migrated_url)
    yield database
    _empty(database)
    database.close()


_FILLED = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in Base.metadata.tables)


def _empty(database: Database) -> None:
    """Deletes the rows of the tables that have any: TRUNCATE writes new files for each of them, filled or not."""
    with database.write_engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for name in connection.scalars(text(_FILLED)).all():
            connection.execute(text(f"DELETE FROM {name}"))


def _on_postgresql(url: str, statement: str) -> None:
    maintenance = create_engine(url, isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(statement))
    maintenance.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """The same test on both engines."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


NOW = datetime(2026, 3, 10, 14, 0, tzinfo=UTC)


class Pen:
    """Writes a door's events as the door would: numbered, chained, each with an id of its own."""

    def __init__(self, device: str, *, access_point: str = "entrance") -> None:
        self.device = device
        self.access_point = access_point
        self.seq = 0
        self.prev = FIRST_PREV

    def event(self, **changes: Any) -> dict[str, Any]:
        """The next event's document; what is given replaces what a plain check-in would say."""
        self.seq += 1
        document: dict[str, Any] = {
            "v": 1,
            "id": uuid7(1_770_000_000_000 + self.seq, os.urandom(10)),
            "device": self.device,
            "seq": self.seq,
            "prev": self.prev,
            "kind": "checked_in",
            "occurred_at": NOW.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "boot_id": "boot",
            "monotonic_ms": self.seq,
            "clock": "trusted",
            "is_offline": False,
            "access_point": self.access_point,
            "person": "ann",
            "account": "family",
            "outcome": "granted",
        } | changes
        self.prev = digest(document)
        return document

    def use(self, multipass: str = "pass", **changes: Any) -> dict[str, Any]:
        """A check-in that takes a use of a multipass."""
        used = {"type": "multipass", "id": multipass, "name": "Pool", "takes_use": True}
        return self.event(entitlement=used, **changes)

    def undo(self, undone: dict[str, Any]) -> dict[str, Any]:
        """The undoing of an event."""
        return self.event(kind="undone", refers_to=undone["id"])

    def batch(self, *events: Any) -> bytes:
        """The message that carries them."""
        return canonical_bytes({"v": 1, "device": self.device, "events": list(events)})

    @property
    def topic(self) -> DeviceTopic:
        """Where it publishes them."""
        return DeviceTopic("club", "main", self.device, Channel.EVENTS)


@pytest.fixture(scope="session")
def now() -> datetime:
    """When the tests' events happen and are recorded."""
    return NOW


@pytest.fixture(scope="session")
def pen() -> Callable[..., Pen]:
    """Makes the pen of a door."""
    return Pen


def fill(database: Database) -> None:
    """An organization with one family, one counted pass, a site with two access points, and the door `door`."""
    with database.write() as session:
        session.add(Organization(id="club", name_en="Club", time_zone="America/Toronto"))
        session.flush()
        session.add(Site(id="main", organization_id="club", name_en="Main"))
        session.flush()
        for id_ in ("entrance", "exit"):
            session.add(AccessPoint(id=id_, organization_id="club", site_id="main", name_en=id_))
        session.add(Account(id="family", organization_id="club"))
        session.add(MultipassType(id="pool", organization_id="club", name_en="Pool", total=3))
        session.flush()
        session.add(Person(id="ann", organization_id="club", account_id="family", first_name="Ann"))
        bought = {"organization_id": "club", "account_id": "family", "type_id": "pool"}
        session.add(Multipass(id="pass", purchased_on=NOW.date() - timedelta(days=9), total=3, **bought))
        session.add(Device(id="door", organization_id="club", site_id="main", name="Door", secret_hash="x"))


@pytest.fixture
def club(database: Database) -> Database:
    """The sample organization on each engine."""
    fill(database)
    return database


@pytest.fixture
def sqlite_club(sqlite_database: Database) -> Database:
    """The sample organization on SQLite only."""
    fill(sqlite_database)
    return sqlite_database


@pytest.fixture(scope="session")
def fill_club() -> Callable[[Database], None]:
    """Puts the sample organization into a database."""
    return fill


class RunningCentre:
    """A whole centre in a thread of this process, on free ports, and what a test asks of it."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.url = f"http://127.0.0.1:{settings.http_port}"
        self.app = create_app(settings)
        self.database: Database = self.app.state.database
        config = uvicorn.Config(
            self.app, port=settings.http_port, log_config=None, access_log=False, timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="centre")

    def start(self, *, is_broker_there: bool = True) -> None:
        """Serves, with a connection to its broker if that is there already."""
        self._thread.start()
        wait_until(lambda: self._server.started or not self._thread.is_alive())
        assert self._thread.is_alive(), "the centre did not start"
        if is_broker_there:
            wait_until(lambda: self.app.state.centre.link.is_connected)

    def stop(self) -> None:
        """Ends it as a signal would."""
        self._server.should_exit = True
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def enroll(self, name: str = "Door", site: str = "main", organization: str = "club") -> Enrolment:
        """A new door's identity, through the one-time code and HTTP."""
        with self.database.write() as session:
            code = create_enrolment_code(session, organization, site, name, ["entrance"])
        answer = httpx.post(self.url + ENROLL_PATH, content=EnrolmentRequest(code=code).to_bytes(), timeout=PATIENCE_S)
        assert answer.status_code == 200, answer.text
        return Enrolment.from_bytes(answer.content)


class Door:
    """The MQTT side of a door: hears its topics, says its events."""

    def __init__(self, identity: Enrolment, port: int) -> None:
        self.identity = identity
        self.pen = Pen(identity.device)
        self.key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
        self.heard: list[tuple[str, bytes]] = []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=identity.device)
        self.client.username_pw_set(identity.device, identity.secret)
        self.client.on_message = lambda _client, _data, message: self.heard.append((message.topic, message.payload))
        self.granted: list[int] = []
        self.client.on_subscribe = lambda _c, _d, _m, codes, _p: self.granted.extend(code.value for code in codes)
        self._connected = threading.Event()
        self.refused = False
        self.client.on_connect = self._on_connect
        self.port = port

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.refused = reason.is_failure
        self._connected.set()

    def connect(self) -> bool:
        """Connects; whether it was let in."""
        self.client.connect("127.0.0.1", self.port, keepalive=10)
        self.client.loop_start()
        assert self._connected.wait(PATIENCE_S)
        return not self.refused

    def subscribe(self, *topics: str) -> list[int]:
        """Subscribes at QoS 1; the broker's answers (128: refused)."""
        self.granted.clear()
        self.client.subscribe([(topic, 1) for topic in topics])
        return wait_until(lambda: len(self.granted) == len(topics) and list(self.granted))

    def topic(self, channel: Channel) -> str:
        """One of its own topics."""
        return str(DeviceTopic(self.identity.organization, self.identity.site, self.identity.device, channel))

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publishes at QoS 1."""
        self.client.publish(topic, payload, qos=1, retain=retain)

    def said(self, channel: Channel) -> list[bytes]:
        """What came on one of its topics."""
        return [payload for topic, payload in self.heard if topic == self.topic(channel)]

    def receipts(self) -> list[Receipt]:
        """The receipts that came, unsealed."""
        return [self.key.unseal(payload, Receipt) for payload in self.said(Channel.RECEIPTS)]

    def close(self) -> None:
        """Disconnects."""
        self.client.disconnect()
        self.client.loop_stop()


class Mosquitto:
    """A real Mosquitto with its defaults, the password file and the list that the centre writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.centre = ("centre", uuid.uuid4().hex)
        folder.mkdir()
        self.write([])
        config = folder / "mosquitto.conf"
        lines = ["user root"] if os.geteuid() == 0 else []
        lines += [f"listener {self.port} 127.0.0.1", "allow_anonymous false", "persistence false"]
        lines += [f"password_file {folder / 'passwords'}", f"acl_file {folder / 'acl'}"]
        config.write_text("\n".join(lines) + "\n")
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([program, "-c", str(config)], stdout=log, stderr=log)
        wait_until(self._listens)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def write(self, devices: list[Device]) -> None:
        """Writes the files anew."""
        write_mosquitto_files(devices, self.centre, self.folder)

    def reload(self, database: Database) -> None:
        """Has Mosquitto learn of the doors in service."""
        with database.read() as session:
            self.write(active_devices(session))
        before = self._log.read_text().count("Reloading config")
        self._process.send_signal(signal.SIGHUP)
        wait_until(lambda: self._log.read_text().count("Reloading config") > before, what="the reload")

    def stop(self) -> None:
        """Ends the process."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)


@pytest.fixture(params=["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def venue(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> Iterator[Any]:
    """A running centre with the sample organization, on each broker; `venue.door()` is a connected door."""
    mosquitto = None
    if request.param == "mosquitto":
        if not (shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()):
            pytest.skip("Mosquitto is not installed (apt-get install mosquitto)")
        mosquitto = Mosquitto(tmp_path / "mosquitto")
    yield from _venue(tmp_path / "centre", migrated_file, mosquitto)


@pytest.fixture
def embedded_venue(tmp_path: Path, migrated_file: Path) -> Iterator[Any]:
    """A running centre with its embedded broker."""
    yield from _venue(tmp_path / "centre", migrated_file, None)


class Venue:
    """A centre, its broker and its doors."""

    def __init__(self, centre: RunningCentre, mosquitto: Mosquitto | None) -> None:
        self.centre = centre
        self.database = centre.database
        self.mosquitto = mosquitto
        self.doors: list[Door] = []

    @property
    def port(self) -> int:
        """The broker's."""
        return self.mosquitto.port if self.mosquitto else self.centre.settings.broker_port

    def enroll(self, **given: str) -> Door:
        """A new door that is not connected yet."""
        door = Door(self.centre.enroll(**given), self.port)
        if self.mosquitto:
            self.mosquitto.reload(self.database)
        self.doors.append(door)
        return door

    def door(self, **given: str) -> Door:
        """A new door, connected, that hears its receipts and the feed."""
        door = self.enroll(**given)
        assert door.connect()
        feed = f"gatehouse/v1/{door.identity.organization}/{door.identity.site}/feed"
        assert door.subscribe(door.topic(Channel.RECEIPTS), feed) == [1, 1]
        return door


def _venue(folder: Path, migrated_file: Path, mosquitto: Mosquitto | None) -> Iterator[Venue]:
    folder.mkdir()
    shutil.copy(migrated_file, folder / "centre.db")
    given: dict[str, Any] = {}
    if mosquitto:
        username, password = mosquitto.centre
        url = f"mqtt://127.0.0.1:{mosquitto.port}"
        given = {"mqtt_url": url, "mqtt_username": username, "mqtt_password": password}
    settings = ServerSettings(data_dir=folder, http_port=free_port(), broker_port=free_port(), **given)
    centre = RunningCentre(settings)
    centre.start()
    fill(centre.database)
    venue = Venue(centre, mosquitto)
    try:
        yield venue
    finally:
        for door in venue.doors:
            door.close()
        centre.stop()
        if mosquitto:
            mosquitto.stop()


@pytest.fixture(scope="session", name="wait_until")
def _wait_until() -> Callable[..., Any]:
    """Waits for a condition."""
    return wait_until


@pytest.fixture(scope="session")
def run_centre() -> Callable[[ServerSettings], RunningCentre]:
    """Makes a whole centre, not started yet."""
    return RunningCentre


@pytest.fixture(scope="session")
def make_door() -> Callable[[Enrolment, int], Door]:
    """Makes the MQTT side of a door from an identity."""
    return Door
