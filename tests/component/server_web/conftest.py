"""A migrated SQLite file with the sample, and the back office on it, asked through HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from server.admin import mount_admin
from server.admin.gate import SESSION_COOKIE
from server.db import Database
from server.models import Staff, utc_now
from server.pictures.store import PictureStore
from server.settings import ServerSettings
from server.staff.service import start_session
from tests.component.server_web import sample as some
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import Sample


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sample]:
    """A data directory with the sample, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("sample")
    database = Database(f"sqlite:///{folder / 'centre.db'}")
    database.migrate()
    sample = some.fill(database, PictureStore(folder / "pictures"))
    database.close()
    return folder, sample


@pytest.fixture
def sample(filled: tuple[Path, Sample]) -> Sample:
    """The ids of the sample."""
    return filled[1]


@pytest.fixture
def data_dir(filled: tuple[Path, Sample], tmp_path: Path) -> Path:
    """A copy of the filled data directory."""
    folder = tmp_path / "data"
    for source in filled[0].rglob("*"):
        if source.is_file():
            target = folder / source.relative_to(filled[0])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return folder


@pytest.fixture
def database(data_dir: Path) -> Iterator[Database]:
    """The sample's database."""
    opened = Database(f"sqlite:///{data_dir / 'centre.db'}")
    yield opened
    opened.close()


@pytest.fixture
def app(database: Database, data_dir: Path) -> FastAPI:
    """The back office alone."""
    made = FastAPI()
    mount_admin(made, database, ServerSettings(data_dir=data_dir))
    return made


@pytest.fixture
def anonymous(app: FastAPI) -> Browser:
    """A browser that nobody is logged in with."""
    return Browser(app)


@pytest.fixture
def log_in(app: FastAPI, database: Database) -> Callable[[str], Browser]:
    """Opens a browser for one of the sample's staff (admin, desk, viewer or other), past the slow password."""

    def enter(who: str) -> Browser:
        browser = Browser(app)
        with database.write() as session:
            staff = session.scalars(select(Staff).where(Staff.email == f"{who}@example.org")).one()
            token = start_session(session, staff.id, now=utc_now())
        browser.cookies.set(SESSION_COOKIE, token, domain="testserver.local", path="/admin/")
        return browser

    return enter


@pytest.fixture
def admin(log_in: Callable[[str], Browser]) -> Browser:
    """A browser of the admin."""
    return log_in("admin")
