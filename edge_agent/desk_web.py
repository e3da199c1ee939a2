"""The desk over HTTP and WebSocket, exactly as `kiosk.desk` describes it. Parses, asks one thing, answers.

Acts run in the door's thread, questions in a worker's; nothing here decides or records.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from edge_agent.desk_answers import DeskAnswers, DeskSource, shown_to, staff_json
from edge_agent.desk_hub import DeskNews, DeskPage
from edge_agent.desk_staff import IDLE_LOCK_S, DeskStaff, WrongPin
from edge_agent.errors import CacheFault, DeskProblem, LedgerFault
from edge_agent.origin import is_own_page
from kiosk.assets import DESK_PAGE_PATH
from kiosk.texts import desk_texts

__all__ = ["BEAT_S", "SIGNED_OUT", "desk_routes"]

BEAT_S = 0.25
SIGNED_OUT: Final = 4401
_COOKIE: Final = "gatehouse_desk"
_MAX_BODY: Final = 8192
_STATUS = {
    "not_allowed": 403,
    "already_decided": 409,
    "use_not_lent": 409,
    "reason_required": 422,
    "unknown_scan": 422,
    "unknown_person": 422,
    "not_recorded": 503,
}
_Answer = Callable[[DeskStaff, dict[str, Any]], Awaitable[dict[str, Any]]]


def desk_routes(source: DeskSource) -> list[BaseRoute]:
    """The routes of the page, its socket and what it asks."""
    pages, acts = _Pages(source), DeskAnswers(source)
    posts: dict[str, _Answer] = {
        "language": acts.language,
        "acts": acts.act,
        "check-in": acts.check_in,
        "check-out": acts.check_out,
        "attendance": acts.attendance,
        "pick-up": acts.pick_up,
    }
    gets: dict[str, _Answer] = {
        "search": acts.search,
        "people/{id}": acts.person,
        "attendance": acts.day,
        "inside": acts.inside,
    }
    return [
        Route("/desk/{access_point}", pages.page),
        WebSocketRoute("/ws/desk/{access_point}", pages.talk),
        Route("/desk/api/sign-in", pages.sign_in, methods=["POST"]),
        Route("/desk/api/sign-out", pages.sign_out, methods=["POST"]),
        *(Route(f"/desk/api/{path}", pages.posted(answer), methods=["POST"]) for path, answer in posts.items()),
        *(Route(f"/desk/api/{path}", pages.asked(answer), methods=["GET"]) for path, answer in gets.items()),
    ]


class _Pages:
    """Who asks: the page itself, its socket, and the guard of everything that needs a sign-in."""

    def __init__(self, source: DeskSource) -> None:
        self._source = source

    async def page(self, request: Request) -> Response:
        if request.path_params["access_point"] not in self._source.points:
            return PlainTextResponse("This door has no such access point.", status_code=404)
        return FileResponse(DESK_PAGE_PATH)

    async def sign_in(self, request: Request) -> Response:
        body = await _body(request)
        point, pin = body.get("access_point"), body.get("pin")
        if not isinstance(pin, str) or not isinstance(point, str) or point not in self._source.points:
            return _problem("wrong_pin", 401, retry_in_s=self._source.sessions.locked_s())
        try:
            token, staff = await run_in_threadpool(self._source.sessions.sign_in, pin[:64], point)
        except WrongPin as error:
            return _problem(error.problem, 401, retry_in_s=error.retry_in_s)
        except (LedgerFault, CacheFault):
            return _problem("not_recorded", 503)
        answer = JSONResponse({"staff": staff_json(staff)})
        answer.set_cookie(
            _COOKIE, token, path="/", httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        await _body(request)
        self._source.sessions.sign_out(request.cookies.get(_COOKIE, ""))
        answer = JSONResponse({})
        answer.delete_cookie(_COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    def posted(self, answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
        """An act of somebody signed in, from a page of this door."""

        async def handle(request: Request) -> Response:
            return await self._answered(request, answer, await _body(request))

        return handle

    def asked(self, answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
        """A question of somebody signed in."""

        async def handle(request: Request) -> Response:
            return await self._answered(request, answer, {**request.query_params, **request.path_params})

        return handle

    async def _answered(self, request: Request, answer: _Answer, asked: dict[str, Any]) -> Response:
        if request.method == "POST" and not is_own_page(request, must_say=True):
            return _problem("not_allowed", 403)
        token = request.cookies.get(_COOKIE, "")
        staff = self._source.sessions.of(token)
        # A sign-in is for one access point; the page of another one has a pad of its own.
        if staff is None or asked.get("access_point") not in (None, staff.access_point):
            return _problem("signed_out", 401)
        try:
            return JSONResponse(await answer(staff, {**asked, "token": token}))
        except DeskProblem as error:
            return _problem(error.code, _STATUS.get(error.code, 409))
        except (LedgerFault, CacheFault):
            return _problem("not_recorded", 503)

    async def talk(self, websocket: WebSocket) -> None:
        access_point = websocket.path_params["access_point"]
        if access_point not in self._source.points or not is_own_page(websocket):
            await websocket.close(1008)
            return
        await websocket.accept()
        page = DeskPage(access_point, asyncio.get_running_loop())
        self._source.hub.join(page)
        listening = asyncio.create_task(_listen(websocket))
        try:
            await _Talk(self._source, websocket, page).run()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._source.hub.leave(page)
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


class _Talk:
    """One socket: hello or welcome, then status, beats and news until it closes or the sign-in ends."""

    def __init__(self, source: DeskSource, websocket: WebSocket, page: DeskPage) -> None:
        self._source = source
        self._websocket = websocket
        self._page = page
        self._token = websocket.cookies.get(_COOKIE, "")
        self._said_status: dict[str, Any] | None = None
        self._said_as: tuple[object, ...] | None = None

    async def run(self) -> None:
        staff = self._staff()
        is_signed_in = staff is not None
        next_beat = time.monotonic()
        while True:
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + BEAT_S
                staff = self._staff()
                if is_signed_in and staff is None:
                    await self._websocket.close(SIGNED_OUT)
                    return
                await self._beat(staff)
            with suppress(TimeoutError):
                news = await asyncio.wait_for(self._page.news.get(), max(0.0, next_beat - time.monotonic()))
                if staff is not None:
                    await self._say(staff, news)

    def _staff(self) -> DeskStaff | None:
        staff = self._source.sessions.of(self._token, is_active=False) if self._token else None
        return staff if staff is not None and staff.access_point == self._page.access_point else None

    async def _beat(self, staff: DeskStaff | None) -> None:
        hello = self._source.hello(self._page.access_point)
        said_as = (staff, json.dumps(hello["access_point"]), hello["time_zone"])
        if said_as != self._said_as or self._page.is_behind:
            self._said_as, self._page.is_behind = said_as, False
            await self._websocket.send_json(await run_in_threadpool(self._first, hello, staff))
        status = self._source.status(self._page.access_point).to_json()
        if status != self._said_status:
            self._said_status = status
            await self._websocket.send_json(status)
        await self._websocket.send_json({"type": "beat", "at": _text(self._source.now())})

    def _first(self, hello: dict[str, Any], staff: DeskStaff | None) -> dict[str, Any]:
        names = ("organization", "access_point", "language", "languages", "time_zone")
        welcome = {name: hello[name] for name in names}
        welcome |= {"type": "welcome", "texts": desk_texts(), "locked_s": self._source.sessions.locked_s()}
        if staff is None:
            return welcome
        try:
            recent = self._source.scans.recent(self._page.access_point, now=self._source.now())
        except LedgerFault:
            recent = []
        return {
            **welcome,
            "type": "hello",
            "staff": staff_json(staff),
            "may": sorted(staff.may),
            "idle_lock_s": IDLE_LOCK_S,
            "recent": [shown_to(self._source, each, staff) for each in recent],
        }

    async def _say(self, staff: DeskStaff, news: DeskNews) -> None:
        message: dict[str, Any] = {"type": news.type}
        if news.scan is not None:
            message["scan"] = await run_in_threadpool(shown_to, self._source, news.scan, staff)
        else:
            message["what"] = news.what
        await self._websocket.send_json(message)


async def _body(request: Request) -> dict[str, Any]:
    """The JSON object of a small body; empty for anything else."""
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _MAX_BODY:
            return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


async def _listen(websocket: WebSocket) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.receive_text()


def _problem(code: str, status: int, **more: Any) -> JSONResponse:
    return JSONResponse({"problem": code, **more}, status_code=status)


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
