"""A migrated SQLite file with the sample, and the back office on it, asked through HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from server.admin import mount_admin
from server.db import Database
from server.pictures.store import PictureStore
from server.settings import ServerSettings
from tests.component.server_web import sample as some
from tests.component.server_web.browser import Browser
from tests.component.server_web.sample import PASSWORD, Sample


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
def log_in(app: FastAPI) -> Callable[[str], Browser]:
    """Opens a browser for one of the sample's staff: admin, desk, viewer or other."""

    def enter(who: str) -> Browser:
        browser = Browser(app)
        answer = browser.post("/admin/login", email=f"{who}@example.org", password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return browser

    return enter


@pytest.fixture
def admin(log_in: Callable[[str], Browser]) -> Browser:
    """A browser of the admin."""
    return log_in("admin")
