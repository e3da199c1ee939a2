"""Leads from an alarm to where what it is about is shown."""

from __future__ import annotations

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.routing import route

from server.admin.alarm_words import place
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.models import Alarm
from server.staff.permissions import Permission

__all__ = ["AlarmSubjectPage"]


class AlarmSubjectPage(OfficePage):
    """`/admin/alarms/{alarm_id}`."""

    path = "/alarms/{alarm_id}"
    route_name = "alarm_subject"
    permission = Permission.DEVICES
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """Goes there; to the list of alarms when there is no better place."""
        to = await in_thread(lambda: self._place(request))
        return RedirectResponse(to, status_code=303)

    def _place(self, request: Request) -> str:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            wanted = select(Alarm).where(
                Alarm.organization_id == organization_id, Alarm.id == request.path_params["alarm_id"]
            )
            alarm = session.scalar(wanted)
            if alarm is None:
                raise HTTPException(404)
            return place(session, alarm, request) or request.url_for("admin:list", key="alarm").path
