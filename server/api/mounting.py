"""Puts the API into the application."""

from __future__ import annotations

from fastapi import FastAPI

from server.api import importing, reading
from server.api.limits import RateLimit
from server.api.records import record_routers
from server.imports.files import ImportFiles
from server.settings import ServerSettings

__all__ = ["mount_api"]


def mount_api(app: FastAPI, settings: ServerSettings) -> None:
    """Adds the routes under `/api/v1`; `app.state` gets `api_rate` and `import_files`."""
    app.state.api_rate = RateLimit(settings.api_requests_per_minute)
    app.state.import_files = ImportFiles(settings.data_dir / "imports")
    for router in (*record_routers(), reading.router, importing.router):
        app.include_router(router)
