"""Addresses by name: the same as the router's own, found without asking every route."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, NoMatchFound, Route

from server.admin.addresses import NamedMount, put_first


async def _answer(_request: object) -> PlainTextResponse:
    return PlainTextResponse("")


class _Asked(Route):
    """Counts how often it is asked for an address."""

    times = 0

    def url_path_for(self, name: str, /, **path_params: object):  # type: ignore[no-untyped-def]
        type(self).times += 1
        return super().url_path_for(name, **path_params)


def _app() -> FastAPI:
    app = FastAPI()
    for number in range(20):
        app.router.routes.append(_Asked(f"/before/{number}", _answer, name=f"before{number}"))
    office = Starlette(
        routes=[
            *[_Asked(f"/page/{number}", _answer, name=f"page{number}") for number in range(50)],
            Route("/lists/{key}", _answer, name="list"),
            Route("/lists/{key}/{id}", _answer, name="list"),
            Mount("/files", Starlette(routes=[Route("/{path:path}", _answer, name="file")]), name="files"),
        ]
    )
    app.mount("/office", office, name="office")
    return app


def test_every_address_is_the_routers_own() -> None:
    """With one parameter or two of the same name, within a mount, and outside."""
    plain, named = _app(), _app()
    put_first(named, "office")
    asked: list[tuple[str, dict[str, str]]] = [
        ("office:page49", {}),
        ("office:list", {"key": "a"}),
        ("office:list", {"key": "a", "id": "b"}),
        ("office:files:file", {"path": "a/b.css"}),
        ("office", {"path": "/page/3"}),
        ("before7", {}),
    ]
    for name, given in asked:
        assert named.url_path_for(name, **given) == plain.url_path_for(name, **given)
    for name, given in (("office:none", {}), ("office:list", {}), ("office:page1", {"more": "x"})):
        with pytest.raises(NoMatchFound):
            named.url_path_for(name, **given)


def test_no_other_route_is_asked() -> None:
    """Neither those before the mount nor those before the page."""
    app = _app()
    put_first(app, "office")
    assert isinstance(app.router.routes[0], NamedMount)
    _Asked.times = 0
    assert app.url_path_for("office:page49") == "/office/page/49"
    assert _Asked.times == 1
