"""Who of the staff has a second factor, whether admins must have one, and resetting a lost one."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.models import Organization, Staff
from server.staff import repository, roles, second_factor
from server.staff.errors import BeyondOwn, OwnAccount
from server.staff.permissions import ADMINISTERING, Permission, permissions_of_staff

__all__ = ["SecondFactorPage"]


class SecondFactorPage(OfficePage):
    """`/admin/second-factor`. One's own is on the profile page."""

    menu_label = lazy_text("second_factor.title")
    icon = "fa-solid fa-mobile-screen"
    path = "/second-factor"
    route_name = "second_factor"
    rank = 40
    permission = Permission.STAFF

    @route("")
    async def index(self, request: Request) -> Response:
        """Everybody, with what their login asks for."""
        everybody, is_required = await in_thread(lambda: self._read(signed_in_staff(request).organization_id))
        lines = [
            (each, second_factor.is_on(each), bool(permissions_of_staff(each) & ADMINISTERING)) for each in everybody
        ]
        return self.page(
            request, "office/second_factor.html", title=self.title(request), lines=lines, is_required=is_required
        )

    @route("", methods=["POST"], name="second_factor_require")
    async def require(self, request: Request) -> Response:
        """Makes it a duty of admins, or their own choice."""
        is_required = (await request.form()).get("required") == "yes"
        await in_thread(lambda: self._require(request, is_required))
        flash(request, texts(signed_in_staff(request).language)("second_factor.saved"), "success")
        return RedirectResponse(request.url_for("admin:second_factor"), status_code=303)

    @route("/{staff_id}/reset", methods=["POST"], name="second_factor_reset")
    async def reset(self, request: Request) -> Response:
        """Turns somebody's off and signs them out everywhere."""
        say = texts(signed_in_staff(request).language)
        try:
            await in_thread(lambda: self._reset(request))
            flash(request, say("second_factor.reset_done"), "success")
        except BeyondOwn:
            flash(request, say("second_factor.beyond_own"), "error")
        except OwnAccount:
            flash(request, say("second_factor.own_account"), "error")
        return RedirectResponse(request.url_for("admin:second_factor"), status_code=303)

    def _read(self, organization_id: str) -> tuple[list[Staff], bool]:
        with self.office.database.read() as session:
            is_required = session.get_one(Organization, organization_id).requires_second_factor
            return [each for each in repository.staff_in(session, organization_id) if each.is_active], is_required

    def _require(self, request: Request, is_required: bool) -> None:
        with self.office.database.write() as session:
            organization = session.get_one(Organization, signed_in_staff(request).organization_id)
            organization.requires_second_factor = is_required

    def _reset(self, request: Request) -> None:
        who = signed_in_staff(request)
        with self.office.database.write() as session:
            staff = repository.staff_member(session, who.organization_id, request.path_params["staff_id"])
            if staff is None:
                raise HTTPException(404)
            roles.reset_second_factor(session, who, staff)
