"""Puts the API into the application."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException

from server.api import attendance, beginning, importing, leaving, pictures, reading
from server.api.catalogue import catalogue_routers
from server.api.limits import RateLimit
from server.api.records import record_routers
from server.creating.probing import Probes
from server.imports.files import ImportFiles
from server.problems import problem
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


async def _say_http(request: Request, error: Exception) -> Response:
    """No such route, or no such method there: a problem document under `/api/`, and elsewhere as ever."""
    assert isinstance(error, HTTPException)
    if not request.url.path.startswith(_PREFIX):
        return await http_exception_handler(request, error)
    status = HTTPStatus(error.status_code)
    return problem(status, status.name.lower(), headers=error.headers)
