"""What programs may only read: check-ins and the rest of Account activity, access points, doors."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from access.domain.reasons import Outcome
from access.wire.events import EventKind
from server.api import repository
from server.api.auth import caller_of, needs, problems
from server.api.etags import KNOWN, shown
from server.api.marks import mark_of, place_of
from server.api.params import After, Id, IfNoneMatch, Limit, Moment, Page, ref
from server.api.scopes import Scope
from server.api.views import AccessPointView, CheckInView, DeviceView, View
from server.devices.auth import Store
from server.errors import NotFound
from server.models import AccessPoint, Device, Event

__all__ = ["router"]

router = APIRouter(prefix="/api/v1")
_ONE: Final[dict[int | str, dict[str, Any]]] = {**problems(404), **KNOWN}


@router.get(
    "/check-ins",
    tags=["check-ins"],
    dependencies=[needs(Scope.CHECKINS_READ)],
    response_model=Page[CheckInView],
    responses=problems(),
)
def list_check_ins(
    request: Request,
    database: Store,
    kind: Annotated[EventKind | None, Query(description="Only what is of this kind.")] = None,
    outcome: Annotated[Outcome | None, Query(description="Only what came out so.")] = None,
    person_id: Annotated[str | None, ref("Only what this person did.")] = None,
    account_id: Annotated[str | None, ref("Only of this account.")] = None,
    access_point_id: Annotated[str | None, ref("Only what happened there.")] = None,
    since: Moment = None,
    until: Moment = None,
    limit: Limit = 50,
    after: After = None,
) -> Any:
    """Check-ins, check-outs, refusals, attendance: every access interaction, the newest first."""
    equal = {
        "kind": kind.value if kind else None,
        "outcome": outcome.value if outcome else None,
        "person_id": person_id,
        "account_id": account_id,
        "access_point_id": access_point_id,
    }
    before = place_of(after) if after else None
    with database.read() as session:
        rows = repository.events(
            session,
            caller_of(request).organization_id,
            equal=equal,
            since=since,
            until=until,
            before=before,
            limit=limit + 1,
        )
    items = [CheckInView.of(row) for row in rows[:limit]]
    return {
        "items": items,
        "next": mark_of(rows[limit - 1].occurred_at, rows[limit - 1].id) if len(rows) > limit else None,
    }


@router.get(
    "/check-ins/{id}",
    tags=["check-ins"],
    dependencies=[needs(Scope.CHECKINS_READ)],
    response_model=CheckInView,
    responses=_ONE,
)
def read_check_in(
    request: Request, database: Store, id: Id, response: Response, if_none_match: IfNoneMatch = None
) -> Any:
    """Read one."""
    return shown(response, _one(request, database, Event, CheckInView, id), if_none_match)


@router.get(
    "/access-points",
    tags=["access points"],
    dependencies=[needs(Scope.ACCESS_POINTS_READ)],
    response_model=Page[AccessPointView],
    responses=problems(),
)
def list_access_points(request: Request, database: Store, limit: Limit = 50, after: After = None) -> Any:
    """List them, some at a time, by id."""
    return _list(request, database, AccessPoint, AccessPointView, limit, after)


@router.get(
    "/access-points/{id}",
    tags=["access points"],
    dependencies=[needs(Scope.ACCESS_POINTS_READ)],
    response_model=AccessPointView,
    responses=_ONE,
)
def read_access_point(
    request: Request, database: Store, id: Id, response: Response, if_none_match: IfNoneMatch = None
) -> Any:
    """Read one."""
    return shown(response, _one(request, database, AccessPoint, AccessPointView, id), if_none_match)


@router.get(
    "/devices",
    tags=["devices"],
    dependencies=[needs(Scope.DEVICES_READ)],
    response_model=Page[DeviceView],
    responses=problems(),
)
def list_devices(request: Request, database: Store, limit: Limit = 50, after: After = None) -> Any:
    """List the doors, some at a time, by id."""
    return _list(request, database, Device, DeviceView, limit, after)


@router.get(
    "/devices/{id}",
    tags=["devices"],
    dependencies=[needs(Scope.DEVICES_READ)],
    response_model=DeviceView,
    responses=_ONE,
)
def read_device(
    request: Request, database: Store, id: Id, response: Response, if_none_match: IfNoneMatch = None
) -> Any:
    """Read one."""
    return shown(response, _one(request, database, Device, DeviceView, id), if_none_match)


def _list(request: Request, database: Store, model: Any, view: type[View], limit: int, after: str | None) -> Any:
    with database.read() as session:
        organization_id = caller_of(request).organization_id
        rows = repository.page(session, model, organization_id, equal={}, after=after, limit=limit + 1)
        items = [view.of(row) for row in rows[:limit]]
    return {"items": items, "next": items[-1].id if len(rows) > limit else None}


def _one(request: Request, database: Store, model: Any, view: type[View], id_: str) -> View:
    with database.read() as session:
        row = repository.one(session, model, caller_of(request).organization_id, id_)
        if row is None:
            raise NotFound("no such thing")
        return view.of(row)
