"""`GET /edge/v1/pictures/{sha256}`: access pictures for doors, of their own organization only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse

from access.wire.enrolment import PICTURE_PATH
from server.devices.auth import CurrentDevice, Store, answers, problems
from server.errors import NotFound
from server.pictures.repository import is_access_picture
from server.pictures.store import PictureStore

__all__ = ["router"]

router = APIRouter(tags=["edge"])
_FILE = answers("The picture", "image/jpeg")


@router.get(PICTURE_PATH, response_class=FileResponse, responses=_FILE | problems(401, 404))
def picture(
    request: Request,
    device: CurrentDevice,
    database: Store,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
) -> FileResponse:
    """An access picture by its hash."""
    store: PictureStore = request.app.state.pictures
    with database.read() as session:
        if not is_access_picture(session, device.organization, sha256):
            raise NotFound("no such access picture")
    return FileResponse(store.path(sha256), media_type="image/jpeg", headers={"Cache-Control": "private, immutable"})
