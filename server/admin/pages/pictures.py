"""Pictures for staff: only those of people of their own organization, and never kept by a browser."""

from __future__ import annotations

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.errors import NotFound
from server.pictures.repository import is_known_picture
from server.staff.permissions import Permission

__all__ = ["PicturePage"]


class PicturePage(OfficePage):
    """`/admin/pictures/{sha256}`."""

    path = "/pictures/{sha256}"
    route_name = "picture"
    permission = Permission.VIEW_ACCOUNTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """The picture's bytes."""
        sha256 = request.path_params["sha256"]
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise HTTPException(404)
        path = await in_thread(lambda: self._find(request, sha256))
        return FileResponse(path, media_type="image/jpeg")

    def _find(self, request: Request, sha256: str) -> Path:
        with self.office.database.read() as session:
            if not is_known_picture(session, signed_in_staff(request).organization_id, sha256):
                raise HTTPException(404)
        try:
            return self.office.pictures.path(sha256)
        except NotFound as error:
            raise HTTPException(404) from error
