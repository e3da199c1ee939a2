"""Real databases for the centre's tests: a SQLite file each, and one PostgreSQL server for the whole run."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from server.db import Database


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


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    """A migrated SQLite file."""
    database = Database(f"sqlite:///{tmp_path / 'centre.db'}")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[Database]:
    """A migrated database of its own on the PostgreSQL server."""
    name = f"test_{uuid.uuid4().hex}"
    maintenance = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(postgresql_url.removesuffix("postgres") + name)
    database.migrate()
    yield database
    database.close()
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    maintenance.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """The same test on both engines."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found
