"""Whether a request comes from a page of this door: any other site in the browser is refused."""

from __future__ import annotations

from starlette.requests import HTTPConnection

__all__ = ["is_own_page"]


def is_own_page(connection: HTTPConnection, *, must_say: bool = False) -> bool:
    """Whether the page that asks came from here. Browsers say it with every POST and socket: with `must_say`, who
    says nothing is no browser and is refused too."""
    origin, host = connection.headers.get("origin"), connection.headers.get("host")
    if origin is None:
        return not must_say
    return origin.partition("://")[2] == host
