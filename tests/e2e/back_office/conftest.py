"""The real server application on free ports with the sample in it, and a real Chromium in front of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select

from server.admin.gate import SESSION_COOKIE
from server.app import create_app
from server.db import Database
from server.models import Staff, utc_now
from server.pictures.store import PictureStore
from server.settings import ServerSettings
from server.staff.service import start_session
from tests.component.server_web import sample as some
from tests.patience import PATIENCE_S, wait_until
from tests.ports import free_port


@dataclass(frozen=True)
class Office:
    """A running server: its address and its database."""

    url: str
    database: Database
    settings: ServerSettings


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The server, as `gatehouse server` runs it, in a thread."""
    data_dir = tmp_path_factory.mktemp("office")
    settings = ServerSettings(data_dir=data_dir, http_port=free_port(), broker_port=free_port())
    app = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(app, port=settings.http_port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive(), what="the server's start")
    assert server.started
    some.fill(app.state.database, PictureStore(data_dir / "pictures"))
    yield Office(settings.browser_url, app.state.database, settings)
    server.should_exit = True
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with no memory."""
    opened = browser.new_context(locale="en-CA", viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, office: Office) -> Iterator[Page]:
    """A page on which every error and every request to elsewhere is a failure."""
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    opened.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith((office.url, "data:")) else wrong.append(f"outside: {asked.url}"),
    )
    yield opened
    assert wrong == []


@pytest.fixture
def admin(page: Page, context: BrowserContext, office: Office) -> Page:
    """A page of the admin, on the overview; the login itself has its own test."""
    with office.database.write() as session:
        staff = session.scalars(select(Staff).where(Staff.email == "admin@example.org")).one()
        token = start_session(session, staff.id, now=utc_now())
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": f"{office.url}/admin/"}])
    page.goto(f"{office.url}/admin/")
    return page
