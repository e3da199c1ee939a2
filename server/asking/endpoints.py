"""`GET /edge/v1/people`: all that is known of one credential's account, now."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from access.wire.asking import PEOPLE_PATH
from server.asking.service import account_state
from server.devices.auth import CurrentDevice, Store, Values, answers, problems

__all__ = ["router"]

router = APIRouter(tags=["edge"])


@router.get(
    PEOPLE_PATH,
    response_class=Response,
    responses=answers("A sealed account state", "application/json") | problems(401, 410, 422),
)
def people(
    device: CurrentDevice,
    database: Store,
    settings: Values,
    credential: Annotated[str, Query(pattern=r"^[0-9a-f]{32}$")],
    nonce: Annotated[str, Query(pattern=r"^[0-9a-f]{32}$")],
) -> Response:
    """The holder of a credential (by its keyed fingerprint) and what the account holds; sealed, for this door."""
    with database.read() as session:
        state = account_state(session, device, credential=credential, nonce=nonce)
    return Response(settings.centre_key.seal(state), media_type="application/json")
