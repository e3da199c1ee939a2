"""The routes of every kind of record: list, read, put in (matched as in a file), put by external id, change, end.

Annotations are evaluated here on purpose: the filters of each kind are a type of their own.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import ConfigDict, create_model

from server.api import repository
from server.api.auth import caller_of, needs, problems
from server.api.etags import KNOWN, TAGGED, shown
from server.api.examples import RECORDS
from server.api.kinds import SHOWN, Shown, view_of, views_of
from server.api.params import TEXT, After, ChangedSince, ExternalId, Id, IfMatch, IfNoneMatch, Limit, Page
from server.api.putting import Aim, end, parsed, upsert
from server.api.schemas import body_schema
from server.api.scopes import Scope
from server.devices.auth import Body, Store
from server.imports.records import KINDS

__all__ = ["record_routers"]


_FILTERS: Final = {
    "account_id": "Only of this account.",
    "activity_id": "Only for this activity.",
    "email": "Only with exactly this address.",
    "external_id": "Only the one with this key in another system.",
    "fingerprint": "Only the card with this fingerprint.",
    "member_id": "Only who has this member ID.",
    "person_id": "Only of this person.",
}


def _filter(name: str) -> Any:
    return Annotated[str | None, Query(max_length=254, pattern=TEXT, description=_FILTERS[name])]


def record_routers() -> list[APIRouter]:
    """One router a kind."""
    return [_router(name, kind) for name, kind in SHOWN.items()]


def _router(name: str, kind: Shown) -> APIRouter:
    router = APIRouter(prefix=f"/api/v1/{name}", tags=[name])
    _reading(router, name, kind)
    _writing(router, name, kind)
    return router


def _reading(router: APIRouter, name: str, kind: Shown) -> None:
    allowed = [needs(Scope(f"{name}:read"))]
    page: Any = Page[kind.view]  # type: ignore[name-defined]
    fields: dict[str, Any] = {
        **{each: (_filter(each), None) for each in kind.filters},
        "changed_since": (ChangedSince, None),
        "limit": (Limit, 50),
        "after": (After, None),
    }
    filters: Any = create_model(f"{name.title()}Filters", __config__=ConfigDict(extra="forbid"), **fields)

    @router.get("", dependencies=allowed, response_model=page, responses=problems(), operation_id=f"list_{name}")
    def list_(request: Request, database: Store, wanted: Annotated[filters, Query()]) -> Any:
        """List them, some at a time, by id."""
        with database.read() as session:
            rows = repository.page(
                session,
                kind.model,
                caller_of(request).organization_id,
                equal={each: getattr(wanted, each) for each in kind.filters},
                after=wanted.after,
                limit=wanted.limit + 1,
                options=kind.options,
                changed_since=wanted.changed_since,
            )
            items = views_of(session, kind, rows[: wanted.limit])
        return {"items": items, "next": items[-1].id if len(rows) > wanted.limit else None}

    @router.get(
        "/{id}",
        dependencies=allowed,
        response_model=kind.view,
        responses={**problems(404), **KNOWN},
        operation_id=f"read_{name}",
    )
    def read(request: Request, database: Store, id: Id, response: Response, if_none_match: IfNoneMatch = None) -> Any:
        """Read one."""
        with database.read() as session:
            view = view_of(session, kind, caller_of(request).organization_id, id)
        return shown(response, view, if_none_match)


def _writing(router: APIRouter, name: str, kind: Shown) -> None:
    allowed = [needs(Scope(f"{name}:write"))]
    schema, example = KINDS[name].record, RECORDS[name]
    body = body_schema(schema, example)
    keyless = body_schema(schema, {field: value for field, value in example.items() if field != "external_id"})
    changed: dict[int | str, dict[str, Any]] = {200: {"headers": TAGGED}}
    put: dict[int | str, dict[str, Any]] = {
        200: {"description": "It was there, and is as it was asked for", "headers": TAGGED},
        201: {"description": "It is new", "model": kind.view, "headers": TAGGED},
    }

    @router.post(
        "",
        dependencies=allowed,
        response_model=kind.view,
        responses={**problems(404, 409, 413), **put},
        openapi_extra=body,
        operation_id=f"put_in_{name}",
    )
    def put_in(request: Request, database: Store, raw: Body, response: Response) -> Any:
        """Put one in. It is matched as a row of a file is: by its key, else as documented for the kind."""
        return upsert(request, database, response, name, parsed(name, raw), Aim())

    if kind.has_external_id:

        @router.put(
            "/by-external-id/{external_id}",
            dependencies=allowed,
            response_model=kind.view,
            responses={**problems(404, 409, 412, 413), **put},
            openapi_extra=keyless,
            operation_id=f"put_{name}_by_external_id",
        )
        def put_by_key(
            request: Request,
            database: Store,
            external_id: ExternalId,
            raw: Body,
            response: Response,
            if_match: IfMatch = None,
        ) -> Any:
            """Add or change the one with this external id; what is not given stays as it is."""
            record = parsed(name, raw, external_id=external_id)
            aim = Aim(external_id=external_id, if_match=if_match)
            return upsert(request, database, response, name, record, aim)

    if kind.can_change:

        @router.patch(
            "/{id}",
            dependencies=allowed,
            response_model=kind.view,
            responses={**problems(404, 409, 412, 413), **changed},
            openapi_extra=keyless,
            operation_id=f"change_{name}",
        )
        def change(
            request: Request, database: Store, id: Id, raw: Body, response: Response, if_match: IfMatch = None
        ) -> Any:
            """Change one; what is not given stays as it is, null clears."""
            return upsert(request, database, response, name, parsed(name, raw), Aim(id=id, if_match=if_match))

    if kind.end is not None:

        @router.delete(
            "/{id}",
            dependencies=allowed,
            response_model=kind.view,
            responses={**problems(404, 412), **changed},
            summary=kind.ends,
            description=kind.ends,
            operation_id=f"end_{name}",
        )
        def delete(request: Request, database: Store, id: Id, response: Response, if_match: IfMatch = None) -> Any:
            return end(request, database, response, kind, Aim(id=id, if_match=if_match))
