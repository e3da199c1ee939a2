"""Whether a request comes from a page of this door: any other site in the browser is refused."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["OwnHostOnly", "is_own_host", "is_own_page"]


def is_own_host(host: str) -> bool:
    """Whether a Host header names this machine: an address, `localhost`, or its own name (also as `name.local`).

    Any other name can be pointed here by whoever owns it, and its pages would then count as ours (DNS rebinding).
    """
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    own = socket.gethostname().lower()
    if name.lower() in ("localhost", own, f"{own.partition('.')[0]}.local"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class OwnHostOnly:
    """Refuses requests and sockets that were sent to another name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not is_own_host(HTTPConnection(scope).headers.get("host", "")):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await PlainTextResponse("This door has another name.", status_code=421)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_own_page(connection: HTTPConnection, *, must_say: bool = False) -> bool:
    """Whether the page that asks came from here. Browsers say it with every POST and socket: with `must_say`, who
    says nothing is no browser and is refused too."""
    origin, host = connection.headers.get("origin"), connection.headers.get("host")
    if origin is None:
        return not must_say
    return origin.partition("://")[2] == host
