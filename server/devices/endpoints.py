"""`POST /edge/v1/enroll`: a one-time code becomes a door's identity."""

from __future__ import annotations

from fastapi import APIRouter, Response

from access.wire.enrolment import ENROLL_PATH, Enrolment, EnrolmentRequest
from access.wire.errors import WireError
from server.devices import service
from server.devices.auth import Body, Store, Values, problems
from server.errors import Unprocessable

__all__ = ["router"]

router = APIRouter(tags=["edge"])


@router.post(
    ENROLL_PATH,
    response_model=Enrolment,
    responses=problems(403, 413, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": EnrolmentRequest.model_json_schema()}},
        }
    },
)
def enroll(body: Body, database: Store, settings: Values) -> Response:
    """Trades a one-time code from the back office for an identity; works once, within ten minutes."""
    try:
        asked = EnrolmentRequest.from_bytes(body)
    except WireError as error:
        raise Unprocessable(str(error)) from error
    with database.write() as session:
        identity = service.enroll(
            session, asked.code, version=asked.version, key=settings.centre_key, mqtt_url=settings.door_mqtt_url
        )
    return Response(identity.to_bytes(), media_type="application/json", headers={"Cache-Control": "no-store"})
