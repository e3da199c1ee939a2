"""Where the page's files are, for the web server of a door."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "DESK_CONTENT_SECURITY_POLICY",
    "DESK_PAGE_PATH",
    "STATIC_PATH",
    "VISITOR_PAGE_PATH",
]

STATIC_PATH: Final = Path(__file__).with_name("static")
"""The folder to serve under `/static/kiosk/`."""

VISITOR_PAGE_PATH: Final = STATIC_PATH / "visitor.html"
"""The page to serve at `/kiosk/{access_point}`; its last path segment names the WebSocket it opens."""

DESK_PAGE_PATH: Final = STATIC_PATH / "desk.html"
"""The staff page to serve at `/desk/{access_point}`; its last path segment names the WebSocket it opens."""

_STRICT = ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'none'")

DESK_CONTENT_SECURITY_POLICY: Final = "; ".join((*_STRICT, "frame-ancestors 'none'"))
"""For the desk page: no other page may show it, since a click on it lets somebody in."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        *_STRICT,
        # The demo's card wall, another port of the same machine, shows the page; there is nothing on it to click.
        "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*",
    )
)
"""The strictest policy under which the page works: no inline script, no inline style, nothing from elsewhere."""
