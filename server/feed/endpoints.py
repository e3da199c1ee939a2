"""The feed over HTTP: a snapshot to start from, and the chunks that lead on from it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from access.wire.enrolment import FEED_PATH, SNAPSHOT_PATH
from access.wire.feed import SNAPSHOT_HEADER
from access.wire.topics import Channel, DeviceTopic
from server.devices.auth import CurrentDevice, Store, Values, answers, problems
from server.errors import DoorIsAhead
from server.feed.service import catch_up, start_over
from server.feed.snapshot import SnapshotStore

__all__ = ["router"]

router = APIRouter(tags=["edge"])
_SEALED = answers("A sealed delta", "application/json")
_FILE = answers("An SQLite file", "application/vnd.sqlite3")


@router.get(FEED_PATH, response_class=Response, responses=_SEALED | problems(401, 410))
def feed(
    device: CurrentDevice,
    database: Store,
    settings: Values,
    epoch: Annotated[str, Query(max_length=64)],
    after: Annotated[int, Query(ge=0, lt=2**63)],
) -> Response:
    """The next changes after a number; 410 when only a snapshot helps."""
    try:
        with database.read() as session:
            delta = catch_up(session, device.organization, device.site, epoch=epoch, after=after)
    except DoorIsAhead:
        with database.write() as session:
            start_over(session, DeviceTopic(device.organization, device.site, device.device, Channel.STATE))
        raise
    return Response(settings.centre_key.seal(delta), media_type="application/json")


@router.get(SNAPSHOT_PATH, response_class=FileResponse, responses=_FILE | problems(401, 410))
def snapshot(request: Request, device: CurrentDevice, settings: Values) -> FileResponse:
    """All that the site's doors need, as an SQLite file; the `Gatehouse-Snapshot` header says sealed what it is."""
    store: SnapshotStore = request.app.state.snapshots
    made = store.get(device.organization, device.site)
    header = settings.centre_key.seal(made.mark).decode()
    return FileResponse(made.path, media_type="application/vnd.sqlite3", headers={SNAPSHOT_HEADER: header})
