"""Imports by program: send a file, look at what its check found, start it, watch it. `gatehouse import` uses these."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from server.api.auth import actor_of, caller_of, needs, problems
from server.api.params import Id, Limit
from server.api.scopes import Scope
from server.api.views import View
from server.db import Database
from server.devices.auth import Store
from server.errors import NotFound
from server.imports import repository, service
from server.imports.cells import DateOrder
from server.imports.errors import FileRefused
from server.imports.files import ImportFiles
from server.imports.plan import Plan
from server.models import ImportJob, utc_now

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/imports", tags=["imports"], dependencies=[needs(Scope.IMPORTS_WRITE)])
ImportKind = StrEnum("ImportKind", {each.upper(): each for each in service.IMPORT_KINDS})  # type: ignore[misc]
_FileName = Annotated[
    str, Query(max_length=200, pattern=r"^[^\u0000-\u001f\u007f]*$", description="What staff see it called by.")
]
_Order = Annotated[
    Literal["", "day_first", "month_first"],
    Query(description="How dates such as 03/04/2026 are meant; without an order they are problems of their rows."),
]
_OnProblems = Annotated[
    Literal["skip", "refuse"], Query(description="Whether rows with problems stay out, or the whole file does.")
]


class ProblemView(BaseModel):
    """Something wrong with a row. The header is row 1; of a zip the files are counted."""

    row: int
    column: str
    code: str
    value: str
    details: dict[str, Any] = Field(default_factory=dict)


class ImportView(View):
    """An import and how far it is. `state`: mapping, checking, checked, running, done, failed or cancelled."""

    kind: str
    file_name: str
    state: str
    failure: str
    rows: int
    rows_done: int
    added: int
    changed: int
    unchanged: int
    refused: int
    problem_count: int
    problems: list[ProblemView]
    """The first hundred; all of them come from `/problems`."""
    header: list[str]
    columns: list[str | None]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, row: ImportJob) -> ImportView:
        """With its columns."""
        plan = Plan.of(row.plan)
        shown = {name: getattr(row, name) for name in cls.model_fields if name not in ("problems", "header", "columns")}
        return cls.model_validate(
            {**shown, "problems": row.problems[:100], "header": plan.header, "columns": plan.columns}
        )


class ImportPage(BaseModel):
    """The newest imports."""

    items: list[ImportView]


@router.get("", response_model=ImportPage, responses=problems())
def list_imports(request: Request, database: Store, limit: Limit = 20) -> Any:
    """The newest imports."""
    with database.read() as session:
        rows = repository.jobs_of(session, caller_of(request).organization_id, limit=limit)
        return {"items": [ImportView.of(row) for row in rows]}


@router.post(
    "",
    status_code=201,
    response_model=ImportView,
    responses=problems(413),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def send(
    request: Request,
    database: Store,
    kind: Annotated[ImportKind, Query(description="What the file holds; pictures come as a zip, all else as CSV.")],
    file_name: _FileName = "",
    date_order: _Order = "",
    on_problems: _OnProblems = "skip",
) -> Any:
    """Send a file as the body: it is checked at once, and brings nothing in until it is started.

    Columns are found by their headers; when the key's column is not found, the import stays in `mapping`.
    """
    files: ImportFiles = request.app.state.import_files
    word, organization_id = str(kind), caller_of(request).organization_id
    job_id, file_hash = await files.receive(request.stream(), most=service.most_bytes(word))
    actor = actor_of(request)

    def create() -> ImportView:
        service.create(
            database,
            files,
            organization_id=organization_id,
            kind=word,
            job_id=job_id,
            file_hash=file_hash,
            file_name=file_name or word,
            actor=actor,
            now=utc_now(),
        )
        try:
            order = DateOrder(date_order)
            service.check(database, organization_id, job_id, date_order=order, on_problems=on_problems)
        except FileRefused as refused:
            if refused.code != "columns_missing":
                raise
        return _shown(database, organization_id, job_id)

    return await run_sync(create)


@router.get("/{id}", response_model=ImportView, responses=problems(404))
def read_import(request: Request, database: Store, id: Id) -> Any:
    """Read one: how far it is, and the first of its problems."""
    return _shown(database, caller_of(request).organization_id, id)


@router.get(
    "/{id}/problems",
    responses={**problems(404), 200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
def read_problems(request: Request, database: Store, id: Id) -> Response:
    """Every problem, one JSON document a line."""
    _shown(database, caller_of(request).organization_id, id)
    files: ImportFiles = request.app.state.import_files
    lines = "".join(f"{ProblemView.model_validate(each).model_dump_json()}\n" for each in files.problems(id))
    return Response(lines, media_type="application/x-ndjson")


@router.post("/{id}/start", response_model=ImportView, responses=problems(404))
def start(request: Request, database: Store, id: Id) -> Any:
    """Bring a checked file in; rows with problems stay out."""
    organization_id = caller_of(request).organization_id
    service.start(database, organization_id, id, now=utc_now())
    return _shown(database, organization_id, id)


@router.post("/{id}/cancel", response_model=ImportView, responses=problems(404))
def cancel(request: Request, database: Store, id: Id) -> Any:
    """Stop it after the rows it is at; what went in stays."""
    organization_id = caller_of(request).organization_id
    service.cancel(database, organization_id, id, now=utc_now())
    return _shown(database, organization_id, id)


def _shown(database: Database, organization_id: str, job_id: str) -> ImportView:
    with database.read() as session:
        row = repository.job_of(session, organization_id, job_id)
        if row is None:
            raise NotFound("no such import")
        return ImportView.of(row)
