"""Sites with their facilities and access points, and the access points in the archive, which can be put back."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.access_points import repository, service
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.errors import NotFound
from server.staff.permissions import Permission

__all__ = ["SitesPage"]


class SitesPage(OfficePage):
    """`/admin/sites`; a site's and a facility's own form are starlette-admin's."""

    menu_label = lazy_text("nav.sites")
    icon = "fa-solid fa-location-dot"
    path = "/sites"
    route_name = "sites"
    rank = 20
    permission = Permission.ACCESS_POINTS

    @route("")
    async def index(self, request: Request) -> Response:
        """Every site, what stands there, and the archive."""
        shown = await in_thread(lambda: self._read(request))
        return self.page(request, "office/sites.html", title=self.title(request), **shown)

    @route("/archive/{point_id}", methods=["POST"], name="access_point_archive")
    async def archive(self, request: Request) -> Response:
        """Takes an access point out of use."""
        return await self._move(request, is_back=False)

    @route("/put-back/{point_id}", methods=["POST"], name="access_point_put_back")
    async def put_back(self, request: Request) -> Response:
        """Takes an access point out of the archive."""
        return await self._move(request, is_back=True)

    async def _move(self, request: Request, *, is_back: bool) -> Response:
        staff, point_id, now = signed_in_staff(request), request.path_params["point_id"], self.office.now()
        database = self.office.database
        try:
            if is_back:
                await in_thread(lambda: service.put_back(database, staff.organization_id, point_id))
            else:
                await in_thread(lambda: service.put_away(database, staff.organization_id, point_id, now=now))
        except NotFound as error:
            raise HTTPException(404) from error
        done = "sites.put_back_done" if is_back else "sites.archived_done"
        flash(request, texts(staff.language)(done), "success")
        return RedirectResponse(request.url_for("admin:sites"), status_code=303)

    def _read(self, request: Request) -> dict[str, Any]:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            points = repository.points(session, organization_id)
            return {
                "sites": repository.sites(session, organization_id),
                "facilities": repository.facilities(session, organization_id),
                "points": [each for each in points if each.archived_at is None],
                "archived": [each for each in points if each.archived_at is not None],
                "facility_of": {each.id: each.policy().facility_id for each in points},
            }
