"""Forms of a bounded size: more than that is answered 413 unread, what cannot be parsed 400.

The token of every form is looked for before any page is asked, hence a middleware: there nothing else turns a refusal
into an answer. A stranger may send what a login needs; staff may send a picture. What is typed reaches the pages clean
(`server.admin.typed`), as one message; a form is read whole in any case, for its token.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.admin.typed import cleaned_form, is_form
from server.imports.picture_zip import MAX_ZIP_BYTES
from server.pictures.store import MAX_PICTURE_BYTES

__all__ = ["BoundedForms"]

_OPEN: Final = ("/login", "/login/which", "/login/code", "/login/second-factor", "/preferences")
_OPEN_BYTES: Final = 64 * 1024
_STREAMED: Final = ("/imports/upload",)
"""What is no form is not parsed before its page is asked, which reads it bit by bit."""
_STREAMED_BYTES: Final = MAX_ZIP_BYTES + 1024 * 1024
_MOST_BYTES: Final = MAX_PICTURE_BYTES + 1024 * 1024


class _TooMuch(Exception):
    """More bytes came than the path takes."""


class BoundedForms:
    """ASGI middleware around everything that reads a form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\x00" in scope["path"]:
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
            return
        scope["query_string"] = _without_nul(scope.get("query_string", b""))
        headers = Headers(scope=scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        limit, came, is_answered = (_OPEN_BYTES if path in _OPEN else _MOST_BYTES), 0, False
        if path in _STREAMED and headers.get("content-type") == "application/octet-stream":
            limit = _STREAMED_BYTES

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise _TooMuch
            return message

        async def whole() -> Message:
            body = bytearray()
            while (message := await counted())["type"] == "http.request":
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    return {
                        "type": "http.request",
                        "body": await cleaned_form(headers, bytes(body)),
                        "more_body": False,
                    }
            return message

        async def noting(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            if _announced(scope) > limit:
                raise _TooMuch
            await self._app(scope, whole if is_form(headers) else counted, noting)
        except Exception as error:
            status = _status(error)
            if is_answered or status is None:
                raise
            answer = PlainTextResponse("Too large" if status == 413 else "Not a form", status_code=status)
            await answer(scope, receive, send)


def _without_nul(sent: bytes) -> bytes:
    while b"%00" in sent:
        sent = sent.replace(b"%00", b"")
    return sent


def _status(error: Exception) -> int | None:
    """What a refusal is answered with; None for what is none. Task groups in between wrap it."""
    if isinstance(error, ExceptionGroup):
        return _status(error.exceptions[0]) if len(error.exceptions) == 1 else None
    if isinstance(error, HTTPException):
        return error.status_code
    return 413 if isinstance(error, _TooMuch) else 400 if isinstance(error, MultiPartException) else None


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0
