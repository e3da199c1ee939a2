"""`POST /edge/v1/leases`: a door asks to be lent a use of a strict multipass."""

from __future__ import annotations

from fastapi import APIRouter, Response

from access.wire.errors import WireError
from access.wire.leases import LEASES_PATH, LeaseRequest
from server.devices.auth import Body, CurrentDevice, Store, Values, answers, problems
from server.errors import Unprocessable
from server.leases.service import lend

__all__ = ["router"]

router = APIRouter(tags=["edge"])


@router.post(
    LEASES_PATH,
    response_class=Response,
    responses=answers("A sealed lease answer", "application/json") | problems(401, 413, 422),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": LeaseRequest.model_json_schema()}}}
    },
)
def post_leases(body: Body, device: CurrentDevice, database: Store, settings: Values) -> Response:
    """Lends a use, and a spare while there are plenty; answers with the sealed lease, or without one."""
    try:
        request = LeaseRequest.from_bytes(body)
    except WireError as error:
        raise Unprocessable(str(error)) from error
    with database.write() as session:
        answer = lend(session, device, request)
    return Response(settings.centre_key.seal(answer), media_type="application/json")
