"""The door's own web server: the visitor page, its WebSocket, pictures and health. For this machine, no log-in; the
desk (`desk_web`), with a PIN, is served beside it.

Runs in a thread of its own; nothing here decides, records or touches hardware.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from edge_agent.errors import SettingsError
from edge_agent.kiosk_hub import KioskHub, Viewer
from edge_agent.origin import OwnHostOnly, is_own_page
from edge_agent.pictures import media_type
from edge_agent.status import PointStatus
from kiosk.assets import (
    CONTENT_SECURITY_POLICY,
    DESK_CONTENT_SECURITY_POLICY,
    STATIC_PATH,
    VISITOR_PAGE_PATH,
)

__all__ = ["WebServer", "WebSource", "build_app"]

BEAT_S = 0.25
_MAX_PAGE_MESSAGE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSource:
    """Where the web takes what it serves. All callables may be called in the loop, but `picture` blocks a little."""

    hub: KioskHub
    points: frozenset[str]
    hello: Callable[[str], dict[str, Any]]
    status: Callable[[str], PointStatus]
    health: Callable[[], dict[str, Any]]
    now: Callable[[], datetime]
    picture: Callable[[str], bytes | None]
    choose: Callable[[str, str, str], None] = lambda access_point, offer, choice: None


def build_app(source: WebSource, desk: Sequence[BaseRoute] = ()) -> Starlette:
    """The application; `desk` are the routes of the desk."""
    pages = _Pages(source)
    return Starlette(
        routes=[
            Route("/kiosk/{access_point}", pages.kiosk),
            WebSocketRoute("/ws/kiosk/{access_point}", pages.talk),
            Mount("/static/kiosk", StaticFiles(directory=STATIC_PATH)),
            Route("/pictures/{sha256}", pages.picture),
            Route("/health", pages.health),
            Route("/timings", pages.timings),
            *desk,
        ],
        middleware=[Middleware(_Headers), Middleware(OwnHostOnly)],
    )


class _Headers:
    """Puts the headers of a careful page on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        headers = {
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-store",
        }
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]
        self._policies = [
            (b"content-security-policy", policy.encode())
            for policy in (CONTENT_SECURITY_POLICY, DESK_CONTENT_SECURITY_POLICY)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_desk = scope["type"] == "http" and scope["path"].startswith("/desk/")
        headers = [*self._headers, self._policies[is_desk]]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in headers}
                kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in own]
                message = {**message, "headers": [*kept, *headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class _Pages:
    def __init__(self, source: WebSource) -> None:
        self._source = source

    async def kiosk(self, request: Request) -> Response:
        if request.path_params["access_point"] not in self._source.points:
            return PlainTextResponse("This door has no such access point.", status_code=404)
        return FileResponse(VISITOR_PAGE_PATH)

    async def health(self, request: Request) -> Response:
        health = self._source.health()
        return JSONResponse(health, status_code=200 if health["ready"] else 503)

    async def timings(self, request: Request) -> Response:
        return JSONResponse(self._source.hub.timings())

    async def picture(self, request: Request) -> Response:
        try:
            data = await run_in_threadpool(self._source.picture, request.path_params["sha256"])
        except ValueError:
            data = None
        kind = media_type(data[:16]) if data else None
        if data is None or kind is None:
            return Response(status_code=404)
        return Response(data, media_type=kind)

    async def talk(self, websocket: WebSocket) -> None:
        access_point = websocket.path_params["access_point"]
        if access_point not in self._source.points or not is_own_page(websocket):
            await websocket.close(1008)
            return
        await websocket.accept()
        viewer = Viewer(access_point, asyncio.get_running_loop())
        self._source.hub.join(viewer)
        listening = asyncio.create_task(self._listen(websocket, access_point))
        try:
            await self._speak(websocket, viewer)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._source.hub.leave(viewer)
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def _speak(self, websocket: WebSocket, viewer: Viewer) -> None:
        said: dict[str, Any] = {}
        next_beat = time.monotonic()
        while True:
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + BEAT_S
                await self._say_changes(websocket, viewer, said)
                await websocket.send_json({"type": "beat", "at": _text(self._source.now())})
            wait_s = max(0.0, next_beat - time.monotonic())
            with suppress(TimeoutError):
                await websocket.send_json(await asyncio.wait_for(viewer.messages.get(), wait_s))

    async def _say_changes(self, websocket: WebSocket, viewer: Viewer, said: dict[str, Any]) -> None:
        """Says hello and status first, and again whenever they differ from what was said."""
        hello = self._source.hello(viewer.access_point)
        if said.get("hello") != hello:
            is_first = "hello" not in said
            said["hello"] = hello
            await websocket.send_json({**hello, "last": self._recent(viewer.access_point) if is_first else None})
        status = self._source.status(viewer.access_point).to_json()
        if said.get("status") != status:
            said["status"] = status
            await websocket.send_json(status)

    def _recent(self, access_point: str) -> dict[str, Any] | None:
        screen = self._source.hub.last(access_point)
        if screen is None or self._source.now() - screen.occurred_at > timedelta(milliseconds=screen.hold_ms):
            return None
        return screen.to_json()

    async def _listen(self, websocket: WebSocket, access_point: str) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                text = await websocket.receive_text()
                with suppress(ValueError, AttributeError, RecursionError):
                    message = json.loads(text) if len(text) <= _MAX_PAGE_MESSAGE else {}
                    if message.get("type") == "painted":
                        self._source.hub.painted(str(message.get("id")))
                    elif message.get("type") == "choose":
                        self._source.choose(access_point, str(message.get("id")), str(message.get("choice")))


class WebServer:
    """The server in its thread. The port is taken at once, so that a busy one is known before anything starts."""

    def __init__(self, app: Starlette, *, host: str, port: int) -> None:
        """Raises `SettingsError` when the port cannot be had."""
        self._socket = _listening(host, port)
        self.host, self.port = host, int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_max_size=16 * _MAX_PAGE_MESSAGE,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def start(self) -> None:
        """Starts answering."""
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Closes every connection and ends."""
        self._server.should_exit = True
        self._thread.join(timeout_s)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _listening(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingsError(f"cannot listen on {host}:{port} ({error.strerror}); choose another http_port") from error
    listener.set_inheritable(False)
    return listener


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
