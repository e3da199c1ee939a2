"""Who asks at the API: `Authorization: Bearer gh_...`, its scope, and how often."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from server.api.errors import ScopeMissing
from server.api.scopes import Scope
from server.api.tokens import Caller, find_caller, used
from server.audit.actor import Actor
from server.db import Database
from server.devices.auth import Store
from server.errors import NotAuthenticated
from server.models import utc_now
from server.problems import refusals

__all__ = ["actor_of", "caller_of", "needs", "problems"]

_NOTHING: Final[Mapping[int, str]] = MappingProxyType({})
_bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token from the back office, under Integrations: `gh_...`"
)


def needs(scope: Scope) -> Any:
    """A dependency: lets only tokens with the scope pass. Raises NotAuthenticated, ScopeMissing, TooManyAttempts.

    OpenAPI names the scope, too.
    """
    return Security(_gate(scope), scopes=[scope.value])


def _gate(scope: Scope) -> Callable[..., None]:
    def gate(
        request: Request,
        database: Store,
        given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
    ) -> None:
        caller = _find(database, given.credentials if given else "")
        if caller is None:
            raise NotAuthenticated("no token, or none that is good")
        request.app.state.api_rate.take(caller.token_id, now=time.monotonic())
        if scope.value not in caller.scopes:
            raise ScopeMissing(f"the token lacks {scope.value}")
        request.state.caller = caller

    return gate


def _find(database: Database, token: str) -> Caller | None:
    now = utc_now()
    with database.read() as session:
        caller = find_caller(session, token, now=now)
    if caller is not None and caller.is_use_due:
        with database.write() as session:
            used(session, caller.token_id, now=now)
    return caller


def caller_of(request: Request) -> Caller:
    """Who asks. Only behind `needs`."""
    caller = request.state.caller
    if not isinstance(caller, Caller):
        raise TypeError("a route that needs a token was reached without one")
    return caller


def actor_of(request: Request) -> Actor:
    """Who changes something, for the audit log."""
    return Actor("token", caller_of(request).token_id)


def problems(*statuses: int, said: Mapping[int, str] = _NOTHING) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses, and those that every route of the API may answer, are problem documents.

    `said` are descriptions of this route's own.
    """
    described = {
        401: "No token, or none that is good",
        403: "The token lacks the scope",
        404: "There is no such thing here",
        409: "Somebody else changed it at the same moment: try again",
        412: "It is not (any more) what `If-Match` names",
        413: "More bytes than this takes",
        422: "What was sent cannot be; `errors` say why",
        429: "Too often; `Retry-After` says how many seconds to wait",
        503: "The database is away",
        **said,
    }
    wanted = sorted({401, 403, 422, 429, 503, *statuses})
    answers = refusals({status: described[status] for status in wanted})
    answers[429]["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}}
    return answers
