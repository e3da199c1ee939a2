"""A door's web server as the visitor page knows it, and a real Chromium in front of it."""

import asyncio
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from kiosk.assets import CONTENT_SECURITY_POLICY, STATIC_PATH, VISITOR_PAGE_PATH
from kiosk.texts import page_texts
from tests.chromium import note_errors
from tests.patience import PATIENCE_S, wait_until
from tests.ports import free_port

BEAT_S = 0.25
PICTURE = "a" * 64
_EXPECTED = ("WebSocket connection", "404", "ERR_CONNECTION")
"""Losing the door and a picture that is not there are part of the tests, and the browser says so."""


def face() -> bytes:
    """A made-up face, drawn here."""
    image = Image.new("RGB", (480, 600), "#c9d8d2")
    draw = ImageDraw.Draw(image)
    draw.ellipse((60, 430, 420, 900), fill="#2f6f8f")
    draw.ellipse((120, 90, 360, 420), fill="#4a2f22")
    draw.ellipse((145, 130, 335, 400), fill="#d9a27c")
    draw.rectangle((205, 380, 275, 460), fill="#d9a27c")
    draw.arc((190, 280, 290, 350), 20, 160, fill="#7a3b2e", width=7)
    for x in (195, 270):
        draw.ellipse((x, 235, x + 18, 253), fill="#2b1c14")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


class FakeDoor:
    """Speaks the WebSocket contract: hello, status, beats every 250 ms; screens when a test says so."""

    def __init__(self) -> None:
        self.port = free_port()
        self.hello: dict[str, Any] = {
            "type": "hello",
            "v": 1,
            "organization": {"en": "Maple Grove Recreation", "fr": "Loisirs de l’Érablière"},
            "access_point": {"id": "pool", "en": "Pool entrance", "fr": "Entrée de la piscine"},
            "language": "en",
            "languages": ["en", "fr"],
            "time_zone": "America/Toronto",
            "sound": {"is_enabled": True, "volume": 0.5},
            "readers": ["barcode", "camera"],
            "texts": page_texts(),
            "last": None,
        }
        self.status: dict[str, Any] = {
            "type": "status",
            "connection": "connected",
            "data_as_of": None,
            "cause": None,
        }
        self.is_beating = True
        self.is_mute = False
        self.heard: list[dict[str, Any]] = []
        self.picture = face()
        self.extra_routes: list[BaseRoute] = []
        self._at = ""
        self._sockets: set[WebSocket] = set()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.port}/kiosk/pool"

    def start(self) -> None:
        """Answer on the port, again if it was stopped."""
        config = uvicorn.Config(
            self._app(),
            host="127.0.0.1",
            port=self.port,
            log_level="critical",
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=0,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, args=(self._server,), daemon=True)
        self._thread.start()
        server = self._server
        wait_until(lambda: server.started, what="the test's web server")

    def stop(self) -> None:
        """Go away at once, every connection with it."""
        if self._server and self._thread:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(PATIENCE_S)
            self._server = None

    def say(self, message: dict[str, Any]) -> None:
        """Send a message to every page."""
        assert self._loop
        asyncio.run_coroutine_threadsafe(self._broadcast(message), self._loop).result(PATIENCE_S)

    def show(self, screen: dict[str, Any]) -> None:
        """Send a screen."""
        self.say({"type": "screen", "screen": screen})

    def set_status(self, connection: str, *, data_as_of: str | None = None, cause: str | None = None) -> None:
        """Change the status, now and for every later page."""
        self.status = {
            "type": "status",
            "connection": connection,
            "data_as_of": data_as_of,
            "cause": cause,
        }
        self.say(self.status)

    def freeze_clock(self, at: str) -> None:
        """Let every beat tell this instant."""
        self._at = at

    def _run(self, server: uvicorn.Server) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve()

        asyncio.run(serve())

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                *self.extra_routes,
                Route("/kiosk/{point}", self._page),
                Route("/pictures/{sha256}", self._picture),
                Mount("/static/kiosk", StaticFiles(directory=STATIC_PATH)),
                WebSocketRoute("/ws/kiosk/{point}", self._talk),
            ]
        )

    async def _page(self, request: Request) -> Response:
        return FileResponse(VISITOR_PAGE_PATH, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    async def _picture(self, request: Request) -> Response:
        if request.path_params["sha256"] != PICTURE:
            return Response(status_code=404)
        return Response(self.picture, media_type="image/png")

    async def _talk(self, socket: WebSocket) -> None:
        await socket.accept()
        if not self.is_mute:
            await socket.send_json(self.hello)
            await socket.send_json(self.status)
            self._sockets.add(socket)
        beating = asyncio.create_task(self._beat(socket))
        try:
            while True:
                self.heard.append(await socket.receive_json())
        except WebSocketDisconnect:
            pass
        finally:
            self._sockets.discard(socket)
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _beat(self, socket: WebSocket) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                if self.is_beating and not self.is_mute:
                    await socket.send_json({"type": "beat", "at": self._at or datetime.now(UTC).isoformat()})
                await asyncio.sleep(BEAT_S)

    async def _broadcast(self, message: dict[str, Any]) -> None:
        for each in list(self._sockets):
            await each.send_json(message)


@pytest.fixture
def new_door() -> Callable[[], FakeDoor]:
    """Makes doors that do not answer yet."""
    return FakeDoor


@pytest.fixture
def door(new_door: Callable[[], FakeDoor]) -> Iterator[FakeDoor]:
    """A door that answers."""
    fake = new_door()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def open_page(browser: Browser, door: FakeDoor) -> Iterator[Callable[..., Page]]:
    """Opens the page at a size; fails the test on any error in the page's console."""
    contexts = []
    problems: list[str] = []

    def open_it(width: int = 1280, height: int = 720, script: str = "", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        note_errors(page, problems, besides=_EXPECTED)
        if script:
            page.add_init_script(script)
        page.goto(door.url)
        page.wait_for_selector('body:is([data-mode="idle"], [data-mode="verdict"])', state="attached")
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []
