"""`POST /edge/v1/enroll`: a one-time code becomes a door's identity. `POST /edge/v1/state`: how a door is, where MQTT
does not pass; answered with the commands that it has not answered."""

from __future__ import annotations

import time

import structlog
from fastapi import APIRouter, Request, Response

from access.wire.commands import STATE_PATH, CommandList
from access.wire.enrolment import ENROLL_PATH, Enrolment, EnrolmentRequest, Revocation
from access.wire.errors import WireError
from access.wire.state import DeviceState
from access.wire.topics import Channel, DeviceTopic
from server.devices import commands, service
from server.devices.auth import Body, KnownDevice, Store, Values, problems
from server.devices.guesses import EnrolmentGuesses
from server.errors import CodeRefused, Unprocessable
from server.ingest.service import record_state
from server.models.base import utc_now

__all__ = ["router"]

router = APIRouter(tags=["edge"])
_log = structlog.get_logger(__name__)


@router.post(
    ENROLL_PATH,
    response_model=Enrolment,
    responses=problems(403, 413, 422, 429),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": EnrolmentRequest.model_json_schema()}},
        }
    },
)
def enroll(request: Request, body: Body, database: Store, settings: Values) -> Response:
    """Trades a one-time code from the back office for an identity; works once, within ten minutes."""
    try:
        asked = EnrolmentRequest.from_bytes(body)
    except WireError as error:
        raise Unprocessable(str(error)) from error
    guesses: EnrolmentGuesses = request.app.state.enrolment_guesses
    address = request.client.host if request.client else ""
    guesses.take(address, now=time.monotonic())
    try:
        # Looked up before a writing connection is taken: doors that record are not to wait for a guesser.
        with database.read() as session:
            service.check_code(session, asked.code)
        with database.write() as session:
            identity = service.enroll(
                session, asked.code, version=asked.version, key=settings.centre_key, mqtt_url=settings.door_mqtt_url
            )
    except CodeRefused:
        _log.warning("enrolment_code_refused", address=address)
        if guesses.was_wrong(now=time.monotonic()):
            with database.write() as session:
                service.raise_guessing_alarm(session, address)
        raise
    guesses.was_right(address)
    return Response(identity.to_bytes(), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.post(
    STATE_PATH,
    response_model=CommandList,
    responses=problems(401, 413, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": DeviceState.model_json_schema()}},
        }
    },
)
def state(device: KnownDevice, body: Body, database: Store, settings: Values) -> Response:
    """Keeps a door's state and answers what it is asked to do. Of a door that was ended only its end is heard."""
    try:
        said = DeviceState.from_bytes(body)
    except WireError as error:
        raise Unprocessable(str(error)) from error
    if said.device != device.device:
        raise Unprocessable("the state names another device")
    now, answer = utc_now(), CommandList()
    with database.write() as session:
        if isinstance(device, Revocation):
            if said.is_revoked:
                commands.confirm_revoked(session, device.device, now=now)
        else:
            record_state(session, DeviceTopic(device.organization, device.site, device.device, Channel.STATE), body)
            answer = commands.open_for(session, device.device, key=settings.centre_key, now=now)
    return Response(answer.to_bytes(), media_type="application/json", headers={"Cache-Control": "no-store"})
