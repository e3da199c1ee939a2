"""Puts the API into the application."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from server.api import attendance, beginning, importing, leaving, pictures, reading
from server.api.auth import PROBLEM
from server.api.catalogue import catalogue_routers
from server.api.limits import RateLimit
from server.api.records import record_routers
from server.creating.probing import Probes
from server.imports.files import ImportFiles
from server.settings import ServerSettings

__all__ = ["mount_api"]

_PREFIX = "/api/"


def mount_api(app: FastAPI, settings: ServerSettings) -> None:
    """Adds the routes under `/api/v1`; `app.state` gets `api_rate`, `api_probes` and `import_files`."""
    app.state.api_rate = RateLimit(settings.api_requests_per_minute)
    app.state.api_probes = Probes()
    app.state.import_files = ImportFiles(settings.data_dir / "imports")
    areas = (beginning, leaving, pictures, attendance, reading, importing)
    for router in (*(area.router for area in areas), *record_routers(), *catalogue_routers()):
        app.include_router(router)
    app.add_exception_handler(HTTPException, _say_http)
    _describe_problems(app)


def _describe_problems(app: FastAPI) -> None:
    """Has the description say once what a problem document is: answers of that media type are no models of routes."""
    describe = app.openapi

    def described() -> dict[str, Any]:
        document = describe()
        document["components"]["schemas"]["Problem"] = PROBLEM
        return document

    app.openapi = described  # type: ignore[method-assign]


async def _say_http(request: Request, error: Exception) -> Response:
    """No such route, or no such method there: a problem document under `/api/`, and elsewhere as ever."""
    assert isinstance(error, HTTPException)
    if not request.url.path.startswith(_PREFIX):
        return await http_exception_handler(request, error)
    status = HTTPStatus(error.status_code)
    document = {"type": "about:blank", "title": status.phrase, "status": status.value, "code": status.name.lower()}
    return JSONResponse(document, status, error.headers, media_type="application/problem+json")
