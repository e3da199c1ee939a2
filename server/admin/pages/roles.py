"""Roles of the organization's own: named permissions in the back office and at a desk, as a matrix to tick."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.domain.staff import DeskPermission
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.models import Role, StaffRole
from server.staff import repository, roles
from server.staff.errors import BeyondOwn, LastAdmin, RoleInUse, StaffError, UnknownRole
from server.staff.permissions import Permission, desk_permissions_of, permissions_of

__all__ = ["RolesPage"]

_PROBLEMS: dict[type[StaffError], str] = {
    BeyondOwn: "beyond_own",
    LastAdmin: "last_admin",
    RoleInUse: "in_use",
    UnknownRole: "bad_name",
}


class RolesPage(OfficePage):
    """`/admin/roles`, and below it the form of one.

    The frame asks handlers from the last name to the first: those of `/new` come after those of an id.
    """

    menu_label = lazy_text("roles.title")
    icon = "fa-solid fa-key"
    path = "/roles"
    route_name = "roles"
    rank = 35
    permission = Permission.STAFF

    @route("")
    async def index(self, request: Request) -> Response:
        """Our roles and the organization's own, side by side."""
        own, holders = await in_thread(lambda: self._read(signed_in_staff(request).organization_id))
        return self.page(
            request,
            "office/roles.html",
            title=self.title(request),
            own=own,
            holders=holders,
            ours=[(each, permissions_of(each), desk_permissions_of(each)) for each in StaffRole],
            permissions=list(Permission),
            desk_permissions=list(DeskPermission),
        )

    @route("/new", name="roles_new")
    async def new(self, request: Request) -> Response:
        """The form of a new one."""
        return self._form(request, None, {"name": "", "permissions": (), "desk_permissions": ()})

    @route("/new", methods=["POST"], name="roles_make")
    async def make(self, request: Request) -> Response:
        """Makes it."""
        return await self._save(request, None)

    @route("/{role_id}", name="roles_edit")
    async def edit(self, request: Request) -> Response:
        """The form of one."""
        role = await in_thread(lambda: self._role(request))
        given = {"name": role.name, "permissions": role.permissions, "desk_permissions": role.desk_permissions}
        return self._form(request, role.id, given)

    @route("/{role_id}", methods=["POST"], name="roles_save")
    async def change(self, request: Request) -> Response:
        """Changes it."""
        return await self._save(request, request.path_params["role_id"])

    @route("/{role_id}/archive", methods=["POST"], name="roles_archive")
    async def archive(self, request: Request) -> Response:
        """Takes it away."""
        say = texts(signed_in_staff(request).language)
        try:
            await in_thread(lambda: self._archive(request))
            flash(request, say("roles.archived"), "success")
        except RoleInUse:
            flash(request, say("roles.problem_in_use"), "error")
        return RedirectResponse(request.url_for("admin:roles"), status_code=303)

    async def _save(self, request: Request, role_id: str | None) -> Response:
        form = await request.form()
        given: dict[str, Any] = {
            "name": str(form.get("name", ""))[:100],
            "permissions": [each for each in Permission if each in form.getlist("permission")],
            "desk_permissions": [each for each in DeskPermission if each in form.getlist("desk_permission")],
        }
        say = texts(signed_in_staff(request).language)
        try:
            await in_thread(lambda: self._keep(request, role_id, given))
        except StaffError as error:
            problem = say(f"roles.problem_{_PROBLEMS[type(error)]}")
            return self._form(request, role_id, given, problem=problem, status=422)
        flash(request, say("roles.saved"), "success")
        return RedirectResponse(request.url_for("admin:roles"), status_code=303)

    def _keep(self, request: Request, role_id: str | None, given: dict[str, Any]) -> None:
        who = signed_in_staff(request)
        with self.office.database.write() as session:
            role = repository.own_role(session, who.organization_id, role_id) if role_id else None
            if role_id and role is None:
                raise HTTPException(404)
            roles.save_role(session, who, role, **given)

    def _archive(self, request: Request) -> None:
        who = signed_in_staff(request)
        with self.office.database.write() as session:
            role = repository.own_role(session, who.organization_id, request.path_params["role_id"])
            if role is None:
                raise HTTPException(404)
            roles.archive_role(session, who, role, now=self.office.now())

    def _role(self, request: Request) -> Role:
        with self.office.database.read() as session:
            role = repository.own_role(
                session, signed_in_staff(request).organization_id, request.path_params["role_id"]
            )
        if role is None:
            raise HTTPException(404)
        return role

    def _read(self, organization_id: str) -> tuple[list[Role], dict[str, int]]:
        with self.office.database.read() as session:
            return repository.own_roles(session, organization_id), repository.holders(session, organization_id)

    def _form(
        self, request: Request, role_id: str | None, given: dict[str, Any], *, problem: str = "", status: int = 200
    ) -> Response:
        return self.page(
            request,
            "office/role.html",
            status=status,
            title=given["name"] or texts(signed_in_staff(request).language)("roles.new"),
            role_id=role_id,
            given=given,
            problem=problem,
            permissions=list(Permission),
            desk_permissions=list(DeskPermission),
        )
