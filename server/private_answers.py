"""What every answer of the centre says of itself: not to be kept by anybody, nor taken for another kind of file.

Almost all of them say something of people. What says otherwise itself (a stylesheet, a picture by its hash) is left as
it is; with an ETag the asker may keep it, and asks each time whether it still holds.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["PrivateAnswers"]


class PrivateAnswers:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "private, no-cache" if "etag" in headers else "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
