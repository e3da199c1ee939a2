"""`/client/` and `/client/login`: a client logs in and changes their own username and password. Nothing else is here.

The session's cookie goes to these pages only, and to none that another site leads to; forms carry what only they know.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from anyio.to_thread import run_sync
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from server.clientpages.answers import HEADERS, language_of, page, sent
from server.creating import logins
from server.creating.errors import SignInRefused, UsernameRefused
from server.creating.logins import Client
from server.db import Database
from server.errors import TooManyAttempts
from server.mail.outbox import MailBox
from server.models import utc_now
from server.staff.errors import WeakPassword
from server.staff.throttle import LoginThrottle

__all__ = ["COOKIE", "ClientPages", "router", "with_cookie"]

COOKIE: Final = "gatehouse_client"
router = APIRouter()
_SAME_SITE: Final = ("same-origin", "none", None)


@dataclass(frozen=True)
class ClientPages:
    """What the pages stand on; made once, by the application."""

    database: Database
    box: MailBox
    throttle: LoginThrottle = field(default_factory=LoginThrottle)
    guesses: LoginThrottle = field(default_factory=lambda: LoginThrottle(free=10, max_wait_s=60))
    now: Callable[[], datetime] = utc_now
    monotonic_s: Callable[[], float] = time.monotonic


@router.get("/login")
async def show_login(request: Request) -> Response:
    """The login form."""
    return page(request, "login", language_of(request), username="", problem="")


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Checks a login."""
    pages: ClientPages = request.app.state.client_pages
    form, language = await sent(request), language_of(request)
    username = form.get("username", "")[:254]
    if request.headers.get("sec-fetch-site") not in _SAME_SITE:
        return page(request, "login", language, status=403, username="", problem="")
    try:
        token = await run_sync(
            lambda: logins.log_in(
                pages.database,
                pages.throttle,
                username=username,
                password=form.get("password", ""),
                address=request.client.host if request.client else "",
                monotonic_s=pages.monotonic_s(),
                now=pages.now(),
            )
        )
    except TooManyAttempts as delayed:
        return page(request, "busy", language, status=429, seconds=delayed.wait_s)
    except SignInRefused:
        return page(request, "login", language, status=401, username=username, problem="page.refused")
    return with_cookie(request, _home(request), token)


@router.get("/")
async def show(request: Request) -> Response:
    """One's own login."""
    client = await _client(request)
    done = request.query_params.get("done", "")
    said = {"activated": "page.activated", "username": "page.username_changed", "password": "page.password_changed"}
    return _own(request, client, said=said.get(done, "")) if client else _login(request)


@router.post("/username")
async def change_username(request: Request) -> Response:
    """Another username."""
    pages: ClientPages = request.app.state.client_pages
    client, form = await _client(request), await sent(request)
    if client is None or not _is_own(client, form):
        return _login(request)
    name, monotonic_s = form.get("username", ""), pages.monotonic_s()
    try:
        await run_sync(
            lambda: logins.change_username(
                pages.database, pages.throttle, client, name, monotonic_s=monotonic_s, now=pages.now()
            )
        )
    except TooManyAttempts as delayed:
        return page(request, "busy", language_of(request, client.language), status=429, seconds=delayed.wait_s)
    except UsernameRefused as refused:
        return _own(request, client, username=name, problems={"username": f"problem.{refused.code}"})
    return _home(request, "username")


@router.post("/password")
async def change_password(request: Request) -> Response:
    """Another password."""
    pages: ClientPages = request.app.state.client_pages
    client, form = await _client(request), await sent(request)
    if client is None or not _is_own(client, form):
        return _login(request)
    old, new, monotonic_s = form.get("old", ""), form.get("new", ""), pages.monotonic_s()
    try:
        await run_sync(
            lambda: logins.change_password(
                pages.database, pages.throttle, client, old=old, new=new, monotonic_s=monotonic_s, now=pages.now()
            )
        )
    except TooManyAttempts as delayed:
        return page(request, "busy", language_of(request, client.language), status=429, seconds=delayed.wait_s)
    except SignInRefused:
        return _own(request, client, problems={"old": "problem.wrong_password"})
    except WeakPassword:
        return _own(request, client, problems={"new": "problem.weak"})
    return _home(request, "password")


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """Ends the session."""
    pages: ClientPages = request.app.state.client_pages
    client, form = await _client(request), await sent(request)
    response = _login(request)
    if client is not None and _is_own(client, form):
        await run_sync(lambda: logins.log_out(pages.database, client))
        response.delete_cookie(COOKIE, path=_path(request), httponly=True, samesite="strict")
    return response


def with_cookie(request: Request, response: Response, token: str) -> Response:
    """The answer, with the session's cookie."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(logins.SESSION_LIMIT.total_seconds()),
        path=_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


async def _client(request: Request) -> Client | None:
    pages: ClientPages = request.app.state.client_pages
    token = request.cookies.get(COOKIE, "")[:200]
    return await run_sync(lambda: logins.signed_in(pages.database, token, now=pages.now()))


def _form_key(client: Client) -> str:
    """What the session's own forms carry."""
    return hashlib.sha256(f"client-form:{client.token_hash}".encode()).hexdigest()


def _is_own(client: Client, form: dict[str, str]) -> bool:
    return hmac.compare_digest(form.get("form", "").encode(), _form_key(client).encode())


def _own(
    request: Request,
    client: Client,
    *,
    said: str = "",
    username: str | None = None,
    problems: dict[str, str] | None = None,
) -> Response:
    return page(
        request,
        "own",
        language_of(request, client.language),
        status=422 if problems else 200,
        client=client,
        username=client.username if username is None else username,
        form_key=_form_key(client),
        said=said,
        problems=problems or {},
    )


def _home(request: Request, done: str = "") -> Response:
    query = f"?done={done}" if done else ""
    return RedirectResponse(f"{_path(request)}/{query}", 303, dict(HEADERS))


def _login(request: Request) -> Response:
    return RedirectResponse(f"{_path(request)}/login", 303, dict(HEADERS))


def _path(request: Request) -> str:
    return f"{request.scope.get('root_path', '')}/client"
