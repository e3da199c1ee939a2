"""`POST /edge/v1/events`: the way through networks without MQTT. The same recording, the same receipt."""

from __future__ import annotations

from fastapi import APIRouter, Response

from access.wire.enrolment import EVENTS_PATH
from access.wire.events import EventBatch
from access.wire.topics import Channel, DeviceTopic
from server.devices.auth import Body, CurrentDevice, Store, Values, answers, problems
from server.errors import Unprocessable
from server.ingest.service import record_batch

__all__ = ["router"]

router = APIRouter(tags=["edge"])


@router.post(
    EVENTS_PATH,
    response_class=Response,
    responses=answers("A sealed receipt", "application/json") | problems(401, 413, 422),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": EventBatch.model_json_schema()}}}
    },
)
def post_events(body: Body, device: CurrentDevice, database: Store, settings: Values) -> Response:
    """Records a batch of events; answers with the sealed receipt."""
    identity = DeviceTopic(device.organization, device.site, device.device, Channel.EVENTS)
    with database.write() as session:
        receipt = record_batch(session, identity, body)
    if receipt is None:
        raise Unprocessable("not a batch of events; it is kept in quarantine")
    return Response(settings.centre_key.seal(receipt), media_type="application/json")
