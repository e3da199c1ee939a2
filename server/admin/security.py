"""Headers of every back-office answer: a strict content policy with a nonce, no framing, nothing personal kept.

starlette-admin's pages carry inline scripts, so the template loader gives each `<script>` the request's nonce.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from jinja2 import BaseLoader, Environment
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["NonceLoader", "SecurityHeaders", "content_policy", "csp_nonce"]

_NONCE: ContextVar[str] = ContextVar("csp_nonce", default="")
_SCRIPT_TAG = re.compile(r"<script(?=[\s>])")
_INLINE_HANDLERS: Final = ("window.location = this.value", "applyColumnVisibility()")
"""The event handler attributes of starlette-admin's list page; the policy names exactly these by their hashes."""


def csp_nonce() -> str:
    """The nonce of the current request."""
    return _NONCE.get()


def content_policy(nonce: str) -> str:
    """Everything from this server only; scripts by file or nonce, styles inline because the frame's are."""
    digests = (hashlib.sha256(each.encode()).digest() for each in _INLINE_HANDLERS)
    handlers = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-hashes' {handlers}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class NonceLoader(BaseLoader):
    """Loads what the inner loader loads, with the nonce on every script tag."""

    def __init__(self, inner: BaseLoader) -> None:
        self._inner = inner

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        """The source, its file name and whether it is still current."""
        source, file_name, is_current = self._inner.get_source(environment, template)
        return _SCRIPT_TAG.sub('<script nonce="{{ csp_nonce() }}"', source), file_name, is_current

    def list_templates(self) -> list[str]:
        """All names of the inner loader."""
        return self._inner.list_templates()


class SecurityHeaders:
    """ASGI middleware: makes the nonce, sets the headers. Static files may be kept by the browser, pages never."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        token = _NONCE.set(nonce)
        is_static = scope["path"].removeprefix(scope.get("root_path", "")).startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = content_policy(nonce)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers["Referrer-Policy"] = "same-origin"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
                headers.setdefault("Cache-Control", "public, max-age=3600" if is_static else "no-store")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            _NONCE.reset(token)
