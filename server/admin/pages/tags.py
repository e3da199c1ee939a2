"""Tags: make them, name and colour them anew, delete them."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.clients import tags
from server.errors import NotFound
from server.models import Tag
from server.staff.permissions import Permission

__all__ = ["TagsPage"]


class TagsPage(OfficePage):
    """`/admin/tags`; reached from the client list."""

    menu_label = lazy_text("tags.title")
    icon = "fa-solid fa-tags"
    path = "/tags"
    route_name = "tags"
    permission = Permission.ORGANIZATION
    rank = 20

    @route("")
    async def index(self, request: Request) -> Response:
        """All of them, with how many people have each."""
        lines = await in_thread(lambda: self._read(request))
        return self.page(request, "office/tags.html", title=self.title(request), lines=lines, colours=tags.COLOURS)

    @route("/new", methods=["POST"], name="tags_new")
    async def create(self, request: Request) -> Response:
        """Makes one."""
        return await self._save(request, None)

    @route("/{tag_id}", methods=["POST"], name="tags_change")
    async def change(self, request: Request) -> Response:
        """Names or colours one anew."""
        return await self._save(request, request.path_params["tag_id"])

    @route("/{tag_id}/delete", methods=["POST"], name="tags_delete")
    async def delete(self, request: Request) -> Response:
        """Takes one off everybody."""
        tag_id, staff = request.path_params["tag_id"], signed_in_staff(request)
        try:
            await in_thread(lambda: self._delete(staff.organization_id, tag_id))
        except NotFound as error:
            raise HTTPException(404) from error
        return self._done(request, "tags.deleted")

    async def _save(self, request: Request, tag_id: str | None) -> Response:
        form = await request.form()
        name, colour = " ".join(str(form.get("name", "")).split())[: tags.MAX_NAME], str(form.get("colour", ""))
        if not name:
            return self._done(request, "tags.name_missing", "error")
        organization_id = signed_in_staff(request).organization_id
        try:
            is_kept = await in_thread(lambda: self._keep(organization_id, tag_id, name, colour))
        except NotFound as error:
            raise HTTPException(404) from error
        return self._done(request, "tags.saved") if is_kept else self._done(request, "tags.taken", "error")

    def _done(self, request: Request, key: str, kind: str = "success") -> Response:
        flash(request, texts(signed_in_staff(request).language)(key), kind)
        return RedirectResponse(request.url_for("admin:tags"), status_code=303)

    def _keep(self, organization_id: str, tag_id: str | None, name: str, colour: str) -> bool:
        with self.office.database.write() as session:
            return tags.save_tag(session, organization_id, tag_id, name=name, colour=colour)

    def _delete(self, organization_id: str, tag_id: str) -> None:
        with self.office.database.write() as session:
            tags.delete_tag(session, organization_id, tag_id)

    def _read(self, request: Request) -> list[tuple[Tag, int]]:
        with self.office.database.read() as session:
            return tags.tags_with_counts(session, signed_in_staff(request).organization_id)
