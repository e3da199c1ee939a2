"""Real databases for the centre's tests: a SQLite file each, and one PostgreSQL server for the whole run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from access.domain.ids import uuid7
from access.wire.canonical import canonical_bytes, digest
from access.wire.events import FIRST_PREV
from access.wire.topics import Channel, DeviceTopic
from server.db import Database
from server.models import AccessPoint, Device, Multipass, MultipassType, Organization, Person, Site
from server.models.people import Account


def free_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
        [str(part) for part in command], cwd="/", capture_output=True, text=True, timeout=60, check=False, **user
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
def migrated_template(postgresql_url: str) -> str:
    """The name of a migrated database on the PostgreSQL server, to be copied."""
    _on_postgresql(postgresql_url, "CREATE DATABASE migrated")
    database = Database(postgresql_url.removesuffix("postgres") + "migrated")
    database.migrate()
    database.close()
    return "migrated"


@pytest.fixture
def postgresql_database(postgresql_url: str, migrated_template: str) -> Iterator[Database]:
    """A migrated database of its own on the PostgreSQL server."""
    name = f"test_{uuid.uuid4().hex}"
    _on_postgresql(postgresql_url, f"CREATE DATABASE {name} TEMPLATE {migrated_template}")
    database = Database(postgresql_url.removesuffix("postgres") + name)
    yield database
    database.close()


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
