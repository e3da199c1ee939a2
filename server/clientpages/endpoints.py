"""`/client/...`: GET shows, POST acts. Whoever has a wrong, used or old link learns nothing but that it does not work.

The token stands in the query, which no log of ours holds, and no page tells its address to another server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from pathlib import Path
from typing import Final

from anyio.to_thread import run_sync
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from server.clientpages import own_login
from server.clientpages.answers import HEADERS, language_of, page, sent
from server.clientpages.own_login import ClientPages, with_cookie
from server.creating import answering, logins
from server.creating.answering import Invitation
from server.creating.errors import LinkRefused, UsernameRefused
from server.creating.links import Purpose
from server.creating.requests import Post
from server.staff.errors import WeakPassword

__all__ = ["router"]

router = APIRouter(prefix="/client", include_in_schema=False)
_CSS: Final = Path(__file__).parent / "static" / "client.css"
_Handler = Callable[[Request], Awaitable[Response]]


def _link(handler: _Handler) -> _Handler:
    """What every link's page does: slows whoever guesses, and says no more than that a link does not work."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        pages: ClientPages = request.app.state.client_pages
        address = request.client.host if request.client else ""
        if wait_s := pages.guesses.take(address, now=pages.monotonic_s()):
            return page(request, "busy", language_of(request), status=429, seconds=wait_s)
        try:
            response = await handler(request)
        except LinkRefused:
            return page(request, "gone", language_of(request), status=404)
        except BaseException:
            pages.guesses.give_back(address)
            raise
        pages.guesses.give_back(address)
        return response

    return answer


@router.get("/client.css")
async def stylesheet() -> Response:
    """How the pages look."""
    return FileResponse(_CSS, media_type="text/css", headers={**HEADERS, "Cache-Control": "public, max-age=3600"})


@router.get("/activate")
@_link
async def show_activation(request: Request) -> Response:
    """The form for a username and a password."""
    token = request.query_params.get("t", "")
    found = await _looked_at(request, token, Purpose.ACTIVATION)
    return _activation(request, found, token, username=found.username)


@router.post("/activate")
@_link
async def activate(request: Request) -> Response:
    """Gives the client a login, and logs them in."""
    pages: ClientPages = request.app.state.client_pages
    form = await sent(request)
    token, username = form.get("t", ""), form.get("username", "")
    found = await _looked_at(request, token, Purpose.ACTIVATION)

    def work() -> str:
        now = pages.now()
        identity_id = answering.activate(pages.database, token, username, form.get("password", ""), now=now)
        return logins.start_session(pages.database, identity_id, now=now)

    try:
        cookie = await run_sync(work)
    except UsernameRefused as refused:
        return _activation(request, found, token, username=username, problems={"username": f"problem.{refused.code}"})
    except WeakPassword:
        return _activation(request, found, token, username=username, problems={"password": "problem.weak"})
    response = RedirectResponse(f"{request.scope.get('root_path', '')}/client/?done=activated", 303, dict(HEADERS))
    return with_cookie(request, response, cookie)


@router.get("/consent")
@_link
async def show_consent(request: Request) -> Response:
    """What would be shared, about whom and with whom."""
    token = request.query_params.get("t", "")
    found = await _looked_at(request, token, Purpose.CONSENT)
    language = language_of(request, found.language)
    organization = found.organization.in_language(language)
    return page(request, "consent", language, found=found, token=token, organization=organization)


@router.post("/consent")
@_link
async def answer_consent(request: Request) -> Response:
    """Takes the answer; anything that is not yes is no."""
    pages: ClientPages = request.app.state.client_pages
    form = await sent(request)
    token, is_accepted = form.get("t", ""), form.get("answer") == "accept"
    found = await _looked_at(request, token, Purpose.CONSENT)
    post = Post(pages.box, pages.now())
    await run_sync(lambda: answering.answer_consent(pages.database, token, post, is_accepted=is_accepted))
    language = language_of(request, found.language)
    organization = found.organization.in_language(language)
    key = "accepted" if is_accepted else "declined"
    return page(request, "said", language, key=key, organization=organization)


async def _looked_at(request: Request, token: str, purpose: Purpose) -> Invitation:
    pages: ClientPages = request.app.state.client_pages
    return await run_sync(lambda: answering.looked_at(pages.database, token[:200], purpose, now=pages.now()))


def _activation(
    request: Request, found: Invitation, token: str, *, username: str, problems: dict[str, str] | None = None
) -> Response:
    language = language_of(request, found.language)
    return page(
        request,
        "activate",
        language,
        status=422 if problems else 200,
        found=found,
        token=token,
        username=username,
        organization=found.organization.in_language(language),
        problems=problems or {},
    )


router.include_router(own_login.router)
