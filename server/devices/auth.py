"""Who asks at the edge's HTTP side: `Authorization: Bearer {device}:{secret}`, looked up anew at each request."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from access.wire.canonical import MAX_MESSAGE_BYTES
from access.wire.enrolment import Revocation
from server.db import Database
from server.devices.errors import DeviceRevoked
from server.devices.service import DeviceIdentity, authenticate, identify, revocation
from server.errors import NotAuthenticated, TooLarge
from server.problems import refusals
from server.settings import ServerSettings

__all__ = ["Body", "CurrentDevice", "KnownDevice", "Store", "Values", "answers", "problems"]

_bearer = HTTPBearer(auto_error=False, scheme_name="device", description="`{device}:{secret}` from the enrolment")


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _settings(request: Request) -> ServerSettings:
    settings: ServerSettings = request.app.state.settings
    return settings


Store = Annotated[Database, Depends(_database)]
Values = Annotated[ServerSettings, Depends(_settings)]


def _current_device(
    database: Store, settings: Values, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> DeviceIdentity:
    """The door that asks. Raises `NotAuthenticated`, and `DeviceRevoked` for one that was ended."""
    device_id, _, secret = (given.credentials if given else "").partition(":")
    with database.read() as session:
        identity = identify(session, device_id)
        ended = revocation(session, device_id, secret) if identity is None else None
    if ended is not None:
        raise DeviceRevoked(settings.centre_key.seal(ended).decode())
    if not authenticate(identity, secret) or identity is None:
        raise NotAuthenticated("not a door in service")
    return identity


def _known_device(
    database: Store, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> DeviceIdentity | Revocation:
    """The door that asks, or that it was ended: such a one may still say that it has wiped itself."""
    device_id, _, secret = (given.credentials if given else "").partition(":")
    with database.read() as session:
        identity = identify(session, device_id)
        ended = revocation(session, device_id, secret) if identity is None else None
    if ended is not None:
        return ended
    if not authenticate(identity, secret) or identity is None:
        raise NotAuthenticated("not a door")
    return identity


async def _bounded_body(request: Request) -> bytes:
    """The request's body. Raises `TooLarge` above 64 KB, without reading on."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_MESSAGE_BYTES:
            raise TooLarge(f"more than {MAX_MESSAGE_BYTES} bytes")
    return bytes(body)


CurrentDevice = Annotated[DeviceIdentity, Depends(_current_device)]
KnownDevice = Annotated[DeviceIdentity | Revocation, Depends(_known_device)]
Body = Annotated[bytes, Depends(_bounded_body)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses are answered with a problem document (RFC 9457)."""
    return refusals(dict.fromkeys(statuses, "Refused"))


def answers(description: str, media_type: str) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: what a good answer is."""
    schema = {"type": "object"} if media_type == "application/json" else {"type": "string", "format": "binary"}
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}
