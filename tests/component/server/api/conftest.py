"""The whole application on a migrated SQLite file with the sample, asked through HTTP with tokens."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy.orm import Session

from access.domain.registrations import ActivityKind
from server.api.scopes import Scope
from server.api.tokens import create_token
from server.app import create_app
from server.models import (
    AccessPoint,
    Activity,
    AllowedAdult,
    MembershipType,
    MultipassType,
    Occurrence,
    Registration,
    utc_now,
)
from server.pictures.store import PictureStore
from server.settings import ServerSettings
from tests.component.server_web import sample as some
from tests.ports import free_port


class Program:
    """A program with a token."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self.app, self.token = app, token

    def __call__(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Asks; `path` is below /api/v1."""
        return asyncio.run(self._ask(method, path, more))

    async def _ask(self, method: str, path: str, more: dict[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver.local/api/v1") as client:
            return await client.request(method, path, headers=headers | more.pop("headers", {}), **more)


def picture(colour: str) -> bytes:
    """A picture as a program sends it."""
    kept = io.BytesIO()
    Image.new("RGB", (60, 80), colour).save(kept, "PNG")
    return kept.getvalue()


@pytest.fixture(scope="session")
def filled_centre(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Path:
    """A data directory with the sample, made once."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "centre.db").write_bytes(migrated_file.read_bytes())
    app = create_app(ServerSettings(data_dir=folder))
    some.fill(app.state.database, PictureStore(folder / "pictures"))
    with app.state.database.write() as session:
        for organization in ("home", "elsewhere"):
            session.get_one(MembershipType, f"{organization}-mt").code = "FAMILY"
            session.get_one(MultipassType, f"{organization}-pt").code = "SWIM5"
            _activities(session, organization)
    app.state.database.close()
    return folder


def _activities(session: Session, organization: str) -> None:
    """Lane swimming, and a camp that meets now, for which two are registered and which the pool keeps."""
    own = {"organization_id": organization}
    for code in ("LANE", "CAMP"):
        id_ = f"{organization}-{code.lower()}"
        session.add(Activity(id=id_, kind=ActivityKind.SESSION, name_en=code.title(), code=code, **own))
    session.flush()
    now = utc_now().replace(microsecond=0)
    times = {"starts_at": now, "ends_at": now + timedelta(hours=2)}
    session.add(Occurrence(id=f"{organization}-meeting", activity_id=f"{organization}-camp", **times))
    for place, name in (("place", "zoe"), ("place-2", "emile")):
        held = {"person_id": f"{organization}-{name}", "account_id": f"{organization}-account"}
        session.add(Registration(id=f"{organization}-{place}", activity_id=f"{organization}-camp", **held, **own))
    session.get_one(AccessPoint, f"{organization}-pool").settings = {
        "access_rules": [{"type": "session"}],
        "attendance": {"is_on": True, "has_check_out": True, "has_child_pick_up": True, "has_daily_notes": True},
    }
    person = {"account_id": f"{organization}-account", "child_id": f"{organization}-zoe"}
    session.add(AllowedAdult(id=f"{organization}-aunt", name="Aunt Bo", relation_en="aunt", **person, **own))


@pytest.fixture
def app(filled_centre: Path, tmp_path: Path) -> Iterator[FastAPI]:
    """The application, not started: no broker, no tasks."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("centre.db", "secret.key", "centre.key"):
        if (filled_centre / name).is_file():
            (folder / name).write_bytes((filled_centre / name).read_bytes())
    made = create_app(ServerSettings(data_dir=folder, broker_port=free_port(), api_requests_per_minute=100_000))
    yield made
    made.state.database.close()


@pytest.fixture
def program(app: FastAPI) -> Callable[..., Program]:
    """Makes a program with a token of these scopes; without any, of all of them."""

    def make(*scopes: Scope, organization: str = "home", is_bare: bool = False) -> Program:
        with app.state.database.write() as session:
            token = create_token(
                session,
                organization,
                name="test",
                scopes=() if is_bare else scopes or tuple(Scope),
                expires_at=None,
                created_by=None,
                now=utc_now(),
            )
        return Program(app, token)

    return make
