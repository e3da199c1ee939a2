"""The routes of every kind of record: list, read, put in (matched as in a file), put by external id, change, end.

Annotations are evaluated here on purpose: the filters of each kind are a type of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from access.domain.registrations import RegistrationStatus
from server.api import repository
from server.api.auth import actor_of, caller_of, needs, problems
from server.api.errors import Conflict, RecordRefused
from server.api.schemas import body_schema
from server.api.scopes import Scope
from server.api.views import (
    AccountView,
    BalanceView,
    CardView,
    MembershipView,
    MultipassView,
    PersonView,
    RegistrationView,
    View,
)
from server.audit.actor import acting
from server.devices.auth import Body, Store
from server.errors import NotFound
from server.imports.mapping import problems_of
from server.imports.problems import Problem, RowRefused
from server.imports.records import KINDS
from server.imports.records.base import Batch, Change, Outcome, Record
from server.models import (
    Account,
    BalanceEntry,
    Credential,
    Membership,
    Multipass,
    Organization,
    PassUse,
    Person,
    Registration,
    utc_now,
)

__all__ = ["Page", "record_routers"]

_V = TypeVar("_V", bound=View)
_TEXT = r"^[^\u0000-\u001f\u007f]+$"
Id = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._~-]+$", description="The id here.")]
ExternalId = Annotated[
    str,
    Path(
        min_length=1,
        max_length=64,
        pattern=r"^[^\u0000-\u0020\u007f-\u00a0/\\]+$",
        description="The key in another system.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
After = Annotated[
    str | None, Query(min_length=1, max_length=200, pattern=_TEXT, description="The `next` of the page before.")
]


class Page(BaseModel, Generic[_V]):
    """Some of them, and where to go on; `next` null says that these are the last."""

    items: list[_V]
    next: str | None


@dataclass(frozen=True)
class _Shown:
    """How a kind is shown."""

    model: Any
    view: type[View]
    filters: tuple[str, ...]
    end: Callable[[Any, datetime, str | None], None] | None = None
    ends: str = ""
    options: Sequence[Any] = ()
    can_change: bool = True
    has_external_id: bool = True


def _cancel(row: Any, _now: datetime, _by: str | None) -> None:
    row.status = RegistrationStatus.CANCELLED


def _revoke(row: Any, now: datetime, by: str | None) -> None:
    if row.revoked_at is None:
        row.revoked_at, row.revoked_by = now, by


_SHOWN: dict[str, _Shown] = {
    "accounts": _Shown(Account, AccountView, ("external_id",)),
    "people": _Shown(Person, PersonView, ("external_id", "member_id", "account_id", "email")),
    "memberships": _Shown(
        Membership,
        MembershipView,
        ("external_id", "account_id"),
        options=(selectinload(Membership.people), selectinload(Membership.pauses)),
    ),
    "multipasses": _Shown(Multipass, MultipassView, ("external_id", "account_id", "person_id")),
    "registrations": _Shown(
        Registration,
        RegistrationView,
        ("external_id", "account_id", "person_id", "activity_id"),
        end=_cancel,
        ends="Cancel a registration.",
    ),
    "cards": _Shown(
        Credential,
        CardView,
        ("person_id", "fingerprint"),
        end=_revoke,
        ends="Revoke a card: doors refuse it from now on.",
        can_change=False,
        has_external_id=False,
    ),
    "balances": _Shown(BalanceEntry, BalanceView, ("external_id", "account_id"), can_change=False),
}


def record_routers() -> list[APIRouter]:
    """One router a kind."""
    return [_router(name, shown) for name, shown in _SHOWN.items()]


def _router(name: str, shown: _Shown) -> APIRouter:
    router = APIRouter(prefix=f"/api/v1/{name}", tags=[name])
    reading, writing = [needs(Scope(f"{name}:read"))], [needs(Scope(f"{name}:write"))]
    body = body_schema(KINDS[name].record)
    answered: dict[int | str, dict[str, Any]] = {
        200: {"description": "It was there, and is as it was asked for"},
        201: {"description": "It is new", "model": shown.view},
    }
    page: Any = Page[shown.view]  # type: ignore[name-defined]
    fields: dict[str, Any] = {
        **{each: (Annotated[str | None, Query(max_length=254, pattern=_TEXT)], None) for each in shown.filters},
        "limit": (Limit, 50),
        "after": (After, None),
    }
    filters: Any = create_model(f"{name.title()}Filters", __config__=ConfigDict(extra="forbid"), **fields)

    @router.get("", dependencies=reading, response_model=page, responses=problems(), operation_id=f"list_{name}")
    def list_(request: Request, database: Store, wanted: Annotated[filters, Query()]) -> Any:
        """List them, some at a time, by id."""
        equal = {each: getattr(wanted, each) for each in shown.filters}
        with database.read() as session:
            rows = repository.page(
                session,
                shown.model,
                caller_of(request).organization_id,
                equal=equal,
                after=wanted.after,
                limit=wanted.limit + 1,
                options=shown.options,
            )
            items = _views(session, shown, rows[: wanted.limit])
        return {"items": items, "next": items[-1].id if len(rows) > wanted.limit else None}

    @router.get(
        "/{id}",
        dependencies=reading,
        response_model=shown.view,
        responses=problems(404),
        operation_id=f"read_{name}",
    )
    def read(request: Request, database: Store, id: Id) -> Any:
        """Read one."""
        with database.read() as session:
            return _view(session, shown, caller_of(request).organization_id, id)

    @router.post(
        "",
        dependencies=writing,
        response_model=shown.view,
        responses={**problems(404, 409, 413), **answered},
        openapi_extra=body,
        operation_id=f"put_in_{name}",
    )
    def put_in(request: Request, database: Store, raw: Body, response: Response) -> Any:
        """Put one in. It is matched as a row of a file is: by its key, else as documented for the kind."""
        return _upsert(request, database, response, name, shown, _parsed(name, raw))

    if shown.has_external_id:

        @router.put(
            "/by-external-id/{external_id}",
            dependencies=writing,
            response_model=shown.view,
            responses={**problems(404, 409, 413), **answered},
            openapi_extra=body,
            operation_id=f"put_{name}_by_external_id",
        )
        def put(request: Request, database: Store, external_id: ExternalId, raw: Body, response: Response) -> Any:
            """Add or change the one with this external id; what is not given stays as it is."""
            record = _parsed(name, raw, external_id=external_id)
            return _upsert(request, database, response, name, shown, record)

    if shown.can_change:

        @router.patch(
            "/{id}",
            dependencies=writing,
            response_model=shown.view,
            responses=problems(404, 409, 413),
            openapi_extra=body,
            operation_id=f"change_{name}",
        )
        def change(request: Request, database: Store, id: Id, raw: Body, response: Response) -> Any:
            """Change one; what is not given stays as it is, null clears."""
            return _upsert(request, database, response, name, shown, _parsed(name, raw), id_=id)

    if (end := shown.end) is not None:

        @router.delete(
            "/{id}",
            dependencies=writing,
            response_model=shown.view,
            responses=problems(404),
            summary=shown.ends,
            description=shown.ends,
            operation_id=f"end_{name}",
        )
        def delete(request: Request, database: Store, id: Id) -> Any:
            caller = caller_of(request)
            with acting(actor_of(request)), database.write() as session:
                row = repository.one(session, shown.model, caller.organization_id, id)
                if row is None:
                    raise NotFound("no such record")
                end(row, utc_now(), caller.token_id)
                session.flush()
                return _views(session, shown, [row])[0]

    return router


def _parsed(name: str, raw: bytes, **given: str) -> Record:
    schema = KINDS[name].record
    try:
        record = schema.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise RecordRefused(problems_of(error)) from error
    for field_name, value in given.items():
        if record.has(field_name) and getattr(record, field_name) != value:
            raise RecordRefused([Problem("references_disagree", field_name, str(getattr(record, field_name)))])
        # Put back through the schema, so that what was given counts as given.
        record = schema.model_validate({**record.model_dump(exclude_unset=True), field_name: value})
    return record


def _upsert(
    request: Request,
    database: Store,
    response: Response,
    name: str,
    shown: _Shown,
    record: Record,
    *,
    id_: str | None = None,
) -> Any:
    caller = caller_of(request)
    organization_id = caller.organization_id
    try:
        with acting(actor_of(request)), database.write() as session:
            if id_ is not None:
                held = repository.one(session, shown.model, organization_id, id_)
                if held is None or getattr(held, "erased_at", None) or getattr(held, "merged_into", None):
                    raise NotFound("no such record")
            organization = session.get_one(Organization, organization_id)
            batch = Batch(session, organization, utc_now(), actor_id=caller.token_id)
            upsert = KINDS[name].upsert(batch)
            with session.no_autoflush:
                upsert.gather([record])
                change: Change = upsert.put(record, id=id_)
            session.flush()
            view = _view(session, shown, organization_id, change.id)
    except RowRefused as refused:
        raise RecordRefused(refused.problems) from refused
    except IntegrityError as error:
        raise Conflict("somebody was faster") from error
    if change.outcome is Outcome.ADDED:
        response.status_code = 201
    return view


def _view(session: Session, shown: _Shown, organization_id: str, id_: str) -> View:
    row = repository.one(session, shown.model, organization_id, id_, shown.options)
    if row is None:
        raise NotFound("no such record")
    return _views(session, shown, [row])[0]


def _views(session: Session, shown: _Shown, rows: Sequence[Any]) -> list[View]:
    if shown.view is not MultipassView:
        return [shown.view.of(row) for row in rows]
    counted = select(PassUse.multipass_id, func.count()).where(
        PassUse.multipass_id.in_([row.id for row in rows]), PassUse.is_undone.is_(False)
    )
    used = dict(session.execute(counted.group_by(PassUse.multipass_id)).all())
    return [MultipassView.counted(row, used.get(row.id, 0)) for row in rows]
