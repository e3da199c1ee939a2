"""The centre as one web application, and the command that serves it. The only place where the areas meet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import structlog
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from sqlalchemy.exc import OperationalError

from server.admin import mount_admin
from server.api.mounting import mount_api
from server.asking import endpoints as asking
from server.centre import running_centre
from server.clientpages import endpoints as client_pages
from server.clientpages.own_login import ClientPages
from server.db import Database
from server.devices import endpoints as devices
from server.devices.guesses import EnrolmentGuesses
from server.errors import ServerError, TooManyAttempts
from server.feed import endpoints as feed
from server.feed.snapshot import SnapshotStore
from server.ingest import endpoints as ingest
from server.leases import endpoints as leases
from server.mail.outbox import MailBox
from server.pictures import endpoints as pictures
from server.pictures.store import PictureStore
from server.private_answers import PrivateAnswers
from server.problems import describe_problems, problem
from server.settings import ServerSettings

__all__ = ["create_app", "run_server"]

_GRACE_S = 3
_log = structlog.get_logger(__name__)


def create_app(settings: ServerSettings) -> FastAPI:
    """The application. Its lifespan migrates the database, runs broker, ingest and feed, and stops them all.

    `app.state` has `database`, `settings`, `pictures` and `snapshots`; while it runs also `centre`.
    """
    database = Database(settings.effective_database_url)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running_centre(settings, database) as centre:
            app.state.centre = centre
            yield

    app = FastAPI(title="Gatehouse centre", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.database = database
    app.state.settings = settings
    app.state.enrolment_guesses = EnrolmentGuesses()
    app.state.pictures = PictureStore(settings.data_dir / "pictures")
    app.state.snapshots = SnapshotStore(database, settings.data_dir / "snapshots")
    app.state.client_pages = ClientPages(database, MailBox(settings.secret_key))
    for area in (devices, ingest, feed, asking, leases, pictures, client_pages):
        app.include_router(area.router)
    mount_api(app, settings)
    mount_admin(app, database, settings)
    describe_problems(app)
    app.add_middleware(PrivateAnswers)
    app.add_api_route("/", _home, methods=["GET"], include_in_schema=False)
    app.add_api_route("/health", _health, methods=["GET"], tags=["operations"])
    app.add_exception_handler(ServerError, _say_server_error)
    app.add_exception_handler(RequestValidationError, _say_invalid)
    app.add_exception_handler(OperationalError, _say_database_away)
    return app


def run_server(settings: ServerSettings) -> int:
    """Serves until a signal ends it. Answers 0 after a clean end, 1 when it could not start."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = uvicorn.Server(config)
    # uvicorn ends a start that failed with SystemExit, and raises the signal again that ended a good run.
    with suppress(KeyboardInterrupt, SystemExit):
        server.run()
    return 0 if server.started else 1


def _home(request: Request) -> Response:
    """Whoever types the bare address wants the back office."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/admin/", status_code=303)


def _health(request: Request) -> dict[str, bool]:
    """Whether the centre hears its doors."""
    return {"is_broker_connected": request.app.state.centre.link.is_connected}


def _say_server_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServerError)
    _log.info("request_refused", path=request.url.path, code=error.code)
    answer = problem(error.status, error.code, **error.extensions)
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyAttempts):
        answer.headers["Retry-After"] = str(error.wait_s)
    return answer


def _say_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [
        {"field": ".".join(str(part) for part in each["loc"][1:]), "code": each["type"], "details": {}}
        for each in error.errors()
    ]
    return problem(422, "invalid_request", errors=wrong)


def _say_database_away(request: Request, error: Exception) -> Response:
    _log.error("database_failed", path=request.url.path, error=type(error).__name__)
    return problem(503, "database_unavailable")
