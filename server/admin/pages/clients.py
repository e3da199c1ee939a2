"""Clients: the list, a search that answers while one types, filters, saved lists, tags in bulk, files to take away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.clients_export import clients_csv, clients_xlsx
from server.admin.frame import OfficePage
from server.admin.office import in_thread, may, signed_in_staff
from server.admin.say import Say
from server.admin.texts import lazy_text, texts
from server.checkins.csv_export import file_name
from server.clients import lists, repository, tags
from server.clients.filters import ClientFilter
from server.clients.ranking import marked
from server.clients.service import ClientPage, Scope, find_clients
from server.db import Database
from server.errors import NotFound
from server.exports.xlsx import MEDIA_TYPE
from server.models import MembershipType, SavedList, Tag
from server.staff.permissions import Permission

__all__ = ["ClientsPage"]

_MAX_KEY: Final = 300
_FILES: Final = {"csv": (clients_csv, "text/csv; charset=utf-8"), "xlsx": (clients_xlsx, MEDIA_TYPE)}
_Export = Callable[[Database, Scope, ClientFilter, Say], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Read:
    """What one look at the database gives."""

    clients: ClientPage
    tags: tuple[Tag, ...]
    types: tuple[MembershipType, ...]
    lists: tuple[SavedList, ...]


class ClientsPage(OfficePage):
    """`/admin/accounts`, its fragment for the search, its files and what can be done with the people on it."""

    menu_label = lazy_text("nav.clients")
    icon = "fa-solid fa-users"
    path = "/accounts"
    route_name = "accounts"
    rank = 10
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """The whole page."""
        return await self._show(request, "office/clients.html")

    @route("/found", name="accounts_found")
    async def found(self, request: Request) -> Response:
        """The results alone."""
        return await self._show(request, "office/_clients.html")

    @route("/export.{extension}", name="accounts_export")
    async def export(self, request: Request) -> Response:
        """Everybody on the list, as a file."""
        extension = request.path_params["extension"]
        if not may(request, Permission.REPORTS):
            raise HTTPException(403)
        if extension not in _FILES:
            raise HTTPException(404)
        staff = signed_in_staff(request)
        say, wanted = self.office.say(staff), ClientFilter.of(request.query_params)
        make: _Export
        make, media_type = _FILES[extension]
        name = file_name(say.t("client_export.file"), say.today.isoformat(), extension=extension)
        chunks = make(self.office.database, self.office.scope(staff), wanted, say)
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(chunks, media_type=media_type, headers=headers)

    @route("/tagged", methods=["POST"], name="accounts_tagged")
    async def tagged(self, request: Request) -> Response:
        """Puts a tag on the people chosen, or takes it off."""
        if not may(request, Permission.EDIT_ACCOUNTS):
            raise HTTPException(403)
        form = await request.form()
        ids = [id_ for each in form.getlist("people") for id_ in str(each).split(",") if id_]
        tag_id, is_taken_off = str(form.get("tag", "")), form.get("do") == "off"
        said = texts(signed_in_staff(request).language)
        if not ids or not tag_id:
            flash(request, said("client_list.nothing_chosen"), "error")
        else:
            number = await in_thread(lambda: self._tag(request, tag_id, ids, is_taken_off))
            flash(
                request, said.count("client_list.untagged" if is_taken_off else "client_list.tagged", number), "success"
            )
        return self._back(request, form.get("back"))

    @route("/lists", methods=["POST"], name="accounts_save_list")
    async def save_list(self, request: Request) -> Response:
        """Keeps the filters and the search under a name."""
        form = await request.form()
        name = " ".join(str(form.get("name", "")).split())[: lists.MAX_NAME]
        said = texts(signed_in_staff(request).language)
        if not name:
            flash(request, said("client_list.name_missing"), "error")
            return self._back(request, form.get("back"))
        wanted = ClientFilter.of(QueryParams(str(form.get("back", ""))))
        is_shared = form.get("shared") == "1" and may(request, Permission.EDIT_ACCOUNTS)
        saved = await in_thread(lambda: self._save_list(request, name, wanted, is_shared))
        flash(request, said("client_list.saved", name=name), "success")
        return self._back(request, urlencode({**saved.query, "list": saved.id}))

    @route("/lists/{list_id}/delete", methods=["POST"], name="accounts_delete_list")
    async def delete_list(self, request: Request) -> Response:
        """Deletes a saved list; the people on it stay as they are."""
        list_id, staff = request.path_params["list_id"], signed_in_staff(request)
        try:
            await in_thread(lambda: self._delete_list(request, list_id))
        except NotFound as error:
            raise HTTPException(404) from error
        flash(request, texts(staff.language)("client_list.deleted"), "success")
        return self._back(request, "")

    async def _show(self, request: Request, template: str) -> Response:
        wanted = ClientFilter.of(request.query_params)
        name, id_ = (request.query_params.get(each, "")[:_MAX_KEY] for each in ("after", "after_id"))
        read = await in_thread(lambda: self._read(request, wanted, (name, id_) if id_ else None))
        query = wanted.query()
        return self.page(
            request,
            template,
            title=self.title(request),
            wanted=wanted,
            read=read,
            clients=read.clients,
            query=urlencode(query),
            next_query=urlencode(_next(query, read.clients)),
            is_further=bool(id_),
            list_id=request.query_params.get("list", ""),
            marks=lambda text: marked(wanted.term, text),
            may_edit=may(request, Permission.EDIT_ACCOUNTS),
            may_export=may(request, Permission.REPORTS),
            may_tags=may(request, Permission.ORGANIZATION),
        )

    def _read(self, request: Request, wanted: ClientFilter, after: tuple[str, str] | None) -> _Read:
        staff = signed_in_staff(request)
        clients = find_clients(self.office.database, self.office.scope(staff), wanted, after=after)
        with self.office.database.read() as session:
            return _Read(
                clients,
                tuple(tags.tags(session, staff.organization_id)),
                tuple(repository.membership_types(session, staff.organization_id)),
                tuple(lists.visible_lists(session, staff.organization_id, staff.staff_id)),
            )

    def _tag(self, request: Request, tag_id: str, ids: list[str], is_taken_off: bool) -> int:
        change = tags.take_off if is_taken_off else tags.put_on
        try:
            with self.office.database.write() as session:
                return change(session, signed_in_staff(request).organization_id, tag_id, ids)
        except NotFound as error:
            raise HTTPException(404) from error

    def _save_list(self, request: Request, name: str, wanted: ClientFilter, is_shared: bool) -> SavedList:
        staff = signed_in_staff(request)
        with self.office.database.write() as session:
            return lists.save_list(
                session, staff.organization_id, staff.staff_id, name=name, query=wanted.query(), is_shared=is_shared
            )

    def _delete_list(self, request: Request, list_id: str) -> None:
        staff, may_shared = signed_in_staff(request), may(request, Permission.ORGANIZATION)
        with self.office.database.write() as session:
            lists.delete_list(session, staff.organization_id, list_id, staff_id=staff.staff_id, may_shared=may_shared)

    def _back(self, request: Request, query: Any) -> Response:
        """To the list as it was; only values of its own form are taken over."""
        asked = QueryParams(str(query or ""))
        kept = ClientFilter.of(asked).query()
        if asked.get("list", "").isprintable() and asked.get("list"):
            kept["list"] = asked["list"][:64]
        url = request.url_for("admin:accounts").path
        return RedirectResponse(f"{url}?{urlencode(kept)}" if kept else url, status_code=303)


def _next(query: dict[str, str], page: ClientPage) -> dict[str, str]:
    return {**query, "after": page.after[0], "after_id": page.after[1]} if page.after else {}
