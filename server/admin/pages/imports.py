"""Imports: send a file, say what its columns are, look at what the check found, start it, watch it, read the result."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from urllib.parse import unquote

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import Office, in_thread, signed_in_staff, whose
from server.admin.texts import lazy_text, texts
from server.audit.actor import Actor
from server.checkins.csv_export import csv_chunks, file_name
from server.errors import NotFound
from server.imports import repository, service
from server.imports.cells import DateOrder
from server.imports.errors import FileRefused
from server.imports.files import ImportFiles
from server.imports.plan import Plan
from server.imports.records import KINDS, PICTURES
from server.imports.tables import MAX_CSV_BYTES, MAX_ROWS
from server.models import ImportJob
from server.staff.permissions import Permission

__all__ = ["ImportsPage", "said_problem"]

_SHOWN_JOBS: Final = 50
_SHOWN_PROBLEMS: Final = 100
_RAW: Final = "application/octet-stream"
_DETAILS: Final = ("first", "most", "choices", "holder", "total")


def said_problem(language: str, problem: dict[str, Any]) -> str:
    """A problem in words: what is wrong and what to do."""
    details = dict.fromkeys(_DETAILS, "") | problem.get("details", {})
    return texts(language)(f"import_problem.{problem['code']}", **details)


def _said_failure(language: str, refused: FileRefused) -> str:
    details = {"columns": "", "most": "", "row": ""} | refused.details
    return texts(language)(f"import_failure.{refused.code}", **details)


class ImportsPage(OfficePage):
    """`/admin/imports` and everything below it."""

    menu_label = lazy_text("imports.menu")
    icon = "fa-solid fa-file-import"
    path = "/imports"
    route_name = "imports"
    rank = 55
    permission = Permission.IMPORT

    def __init__(self, office: Office) -> None:
        super().__init__(office)
        self._files = ImportFiles(office.settings.data_dir / "imports")

    @route("")
    async def index(self, request: Request) -> Response:
        """A new one, and those so far."""
        organization_id = signed_in_staff(request).organization_id
        jobs = await in_thread(lambda: self._jobs(organization_id))
        return self.page(
            request,
            "office/imports.html",
            title=self.title(request),
            jobs=jobs,
            kinds=service.IMPORT_KINDS,
            tables=tuple(KINDS),
            most_mb=MAX_CSV_BYTES // 1024 // 1024,
            most_rows=MAX_ROWS,
        )

    @route("/template", name="imports_template")
    async def template(self, request: Request) -> Response:
        """A file to start from."""
        kind = KINDS.get(request.query_params.get("kind", ""))
        if kind is None:
            raise HTTPException(404)
        rows = [[each.example[place] for each in kind.columns] for place in range(2)]
        body = b"".join(csv_chunks([each.header for each in kind.columns], rows))
        return _download(iter([body]), file_name("gatehouse", kind.name))

    @route("/upload", methods=["POST"], name="imports_upload")
    async def upload(self, request: Request) -> Response:
        """Takes a file: as the bare body from our script, which shows how far it is, or from a plain form."""
        is_raw = request.headers.get("content-type", "").startswith(_RAW)
        staff = signed_in_staff(request)
        try:
            if is_raw:
                kind, name = request.query_params.get("kind", ""), unquote(request.headers.get("x-file-name", ""))
                chunks: AsyncIterator[bytes] = request.stream()
            else:
                form = await request.form()
                kind, sent = str(form.get("kind", "")), form.get("file")
                if not isinstance(sent, UploadFile) or not sent.filename:
                    flash(request, texts(staff.language)("imports.no_file"), "error")
                    return RedirectResponse(request.url_for("admin:imports"), status_code=303)
                name, chunks = sent.filename, _chunks(sent)
            if kind not in service.IMPORT_KINDS:
                raise HTTPException(404)
            job_id, digest = await self._files.receive(chunks, most=service.most_bytes(kind))
            await in_thread(lambda: self._create(request, kind, name, job_id, digest))
        except FileRefused as refused:
            said = _said_failure(staff.language, refused)
            if is_raw:
                return JSONResponse({"error": said}, status_code=422)
            flash(request, said, "error")
            return RedirectResponse(request.url_for("admin:imports"), status_code=303)
        location = request.url_for("admin:imports_one", job_id=job_id)
        return JSONResponse({"location": location.path}) if is_raw else RedirectResponse(location, status_code=303)

    @route("/{job_id}", name="imports_one")
    async def one(self, request: Request) -> Response:
        """One import, at whatever stage it is."""
        return await self._show(request, "office/import.html")

    @route("/{job_id}/progress", name="imports_progress")
    async def progress(self, request: Request) -> Response:
        """The part of the page that changes by itself."""
        return await self._show(request, "office/_import_state.html")

    @route("/{job_id}/check", methods=["POST"], name="imports_check")
    async def check(self, request: Request) -> Response:
        """Confirms the columns and has the file checked."""
        form = await request.form()
        columns = [str(each) or None for each in form.getlist("column")]
        order = str(form.get("date_order", ""))
        chosen = DateOrder(order) if order in list(DateOrder) else DateOrder.UNKNOWN
        return await self._do(
            request,
            lambda organization_id, job_id: service.check(
                self.office.database,
                organization_id,
                job_id,
                columns=columns if columns else None,
                date_order=chosen,
                on_problems=str(form.get("on_problems", "skip")),
            ),
        )

    @route("/{job_id}/start", methods=["POST"], name="imports_start")
    async def start(self, request: Request) -> Response:
        """Brings a checked file in."""
        now = self.office.now()
        return await self._do(request, lambda o, j: service.start(self.office.database, o, j, now=now))

    @route("/{job_id}/cancel", methods=["POST"], name="imports_cancel")
    async def cancel(self, request: Request) -> Response:
        """Stops it."""
        now = self.office.now()
        return await self._do(request, lambda o, j: service.cancel(self.office.database, o, j, now=now))

    @route("/{job_id}/resume", methods=["POST"], name="imports_resume")
    async def resume(self, request: Request) -> Response:
        """Goes on."""
        return await self._do(request, lambda o, j: service.resume(self.office.database, o, j))

    @route("/{job_id}/problems", name="imports_problems")
    async def problems(self, request: Request) -> Response:
        """Every problem as a CSV file, in the reader's language."""
        job = await self._job(request)
        language = signed_in_staff(request).language
        said = texts(language)
        header = [said("imports.row"), said("imports.column"), said("imports.value"), said("imports.what")]

        def rows() -> Iterator[list[str]]:
            for each in self._files.problems(job.id):
                column = _column(language, each["column"])
                yield [str(each["row"]), column, each["value"], said_problem(language, each)]

        return _download(csv_chunks(header, rows()), file_name("problems", job.kind))

    async def _show(self, request: Request, template: str) -> Response:
        job = await self._job(request)
        language = signed_in_staff(request).language
        kind = KINDS.get(job.kind)
        details = {"columns": "", "most": "", "row": ""}
        return self.page(
            request,
            template,
            title=job.file_name,
            job=job,
            plan=Plan.of(job.plan),
            kind=kind,
            is_pictures=job.kind == PICTURES,
            orders=DateOrder,
            failure=texts(language)(f"import_failure.{job.failure}", **details) if job.failure else "",
            problems=[
                (each, _column(language, each["column"]), said_problem(language, each))
                for each in job.problems[:_SHOWN_PROBLEMS]
            ],
        )

    async def _do(self, request: Request, work: Any) -> Response:
        staff, job_id = signed_in_staff(request), request.path_params["job_id"]
        try:
            await in_thread(lambda: work(staff.organization_id, job_id))
        except NotFound as error:
            raise HTTPException(404) from error
        except FileRefused as refused:
            flash(request, _said_failure(staff.language, refused), "error")
        return RedirectResponse(request.url_for("admin:imports_one", job_id=job_id), status_code=303)

    async def _job(self, request: Request) -> ImportJob:
        organization_id, job_id = whose(request, "job_id")
        job = await in_thread(lambda: self._find(organization_id, job_id))
        if job is None:
            raise HTTPException(404)
        return job

    def _find(self, organization_id: str, job_id: str) -> ImportJob | None:
        with self.office.database.read() as session:
            return repository.job_of(session, organization_id, job_id)

    def _jobs(self, organization_id: str) -> list[ImportJob]:
        with self.office.database.read() as session:
            return list(repository.jobs_of(session, organization_id, limit=_SHOWN_JOBS))

    def _create(self, request: Request, kind: str, name: str, job_id: str, digest: str) -> None:
        staff = signed_in_staff(request)
        service.create(
            self.office.database,
            self._files,
            organization_id=staff.organization_id,
            kind=kind,
            job_id=job_id,
            file_hash=digest,
            file_name=name,
            actor=Actor("staff", staff.staff_id),
            now=self.office.now(),
        )


def _column(language: str, name: str) -> str:
    said = texts(language)
    key = f"import_column.{name.split('.')[0]}"
    return said(key) if key in said.entries else name


async def _chunks(sent: UploadFile) -> AsyncIterator[bytes]:
    while chunk := await sent.read(256 * 1024):
        yield chunk


def _download(body: Iterator[bytes], name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, media_type="text/csv; charset=utf-8", headers=headers)
