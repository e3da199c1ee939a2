"""What an organization offers, for reading: activities with their occurrences, types of memberships and multipasses.

Records name these by their codes or ids. Annotations are evaluated here on purpose: each page is a type of its own.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from server.api import repository
from server.api.auth import caller_of, needs, problems
from server.api.etags import KNOWN, shown
from server.api.params import TEXT, After, ChangedSince, Id, IfNoneMatch, Limit, Moment, Page
from server.api.scopes import Scope
from server.api.views import ActivityView, MembershipTypeView, MultipassTypeView, OccurrenceView, View
from server.devices.auth import Store
from server.errors import NotFound
from server.models import Activity, MembershipType, MultipassType

__all__ = ["catalogue_routers"]

_ALLOWED = [needs(Scope.CATALOGUE_READ)]
_Code = Annotated[
    str | None, Query(min_length=1, max_length=64, pattern=TEXT, description="Only the one with this code.")
]


@dataclass(frozen=True)
class _Offered:
    model: Any
    view: type[View]


_OFFERED = {
    "activities": _Offered(Activity, ActivityView),
    "membership-types": _Offered(MembershipType, MembershipTypeView),
    "multipass-types": _Offered(MultipassType, MultipassTypeView),
}


def catalogue_routers() -> list[APIRouter]:
    """One router for each kind of thing."""
    return [_router(name, offered) for name, offered in _OFFERED.items()]


def _router(name: str, offered: _Offered) -> APIRouter:
    router = APIRouter(prefix=f"/api/v1/{name}", tags=["catalogue"], dependencies=_ALLOWED)
    page: Any = Page[offered.view]  # type: ignore[name-defined]
    word = name.replace("-", "_")

    @router.get("", response_model=page, responses=problems(), operation_id=f"list_{word}")
    def list_(
        request: Request,
        database: Store,
        code: _Code = None,
        changed_since: ChangedSince = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        """List them, some at a time, by id."""
        with database.read() as session:
            rows = repository.page(
                session,
                offered.model,
                caller_of(request).organization_id,
                equal={"code": code},
                after=after,
                limit=limit + 1,
                changed_since=changed_since,
            )
            items = [offered.view.of(row) for row in rows[:limit]]
        return {"items": items, "next": items[-1].id if len(rows) > limit else None}

    @router.get("/{id}", response_model=offered.view, responses={**problems(404), **KNOWN}, operation_id=f"read_{word}")
    def read(request: Request, database: Store, id: Id, response: Response, if_none_match: IfNoneMatch = None) -> Any:
        """Read one."""
        with database.read() as session:
            row = repository.one(session, offered.model, caller_of(request).organization_id, id)
            if row is None:
                raise NotFound("no such thing")
            view = offered.view.of(row)
        return shown(response, view, if_none_match)

    if offered.model is Activity:
        _add_occurrences(router)
    return router


def _add_occurrences(router: APIRouter) -> None:
    @router.get(
        "/{id}/occurrences",
        response_model=Page[OccurrenceView],
        responses=problems(404),
        operation_id="list_occurrences",
    )
    def list_occurrences(
        request: Request,
        database: Store,
        id: Id,
        since: Moment = None,
        until: Moment = None,
        limit: Limit = 50,
        after: After = None,
    ) -> Any:
        """List when an activity takes place, some at a time, by id: what begins in the span, cancelled or not."""
        with database.read() as session:
            if repository.one(session, Activity, caller_of(request).organization_id, id) is None:
                raise NotFound("no such activity")
            rows = repository.occurrences(session, id, since=since, until=until, after=after, limit=limit + 1)
            items = [OccurrenceView.of(row) for row in rows[:limit]]
        return {"items": items, "next": items[-1].id if len(rows) > limit else None}
