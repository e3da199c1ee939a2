"""Where what an alarm is about is shown: the flagged rows of a pass or a person, an event, a device, the quarantine."""

from __future__ import annotations

from urllib.parse import urlencode

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.models import Alarm, Event, Multipass, Person
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
            if alarm.kind == "mail_given_up":
                return request.url_for("admin:mail").path
            held = session.get(Multipass, alarm.subject)
            if held is not None and held.organization_id == organization_id:
                return _activity(request, held.account_id, flag="overdrawn", **{"pass": held.id})
            person = session.get(Person, alarm.subject)
            if person is not None and person.organization_id == organization_id:
                return _activity(request, person.account_id, flag="clone", person=person.id)
            event = session.get(Event, alarm.subject)
            if event is not None and event.organization_id == organization_id:
                return request.url_for("admin:event", event_id=event.id).path
        return request.url_for("admin:list", key="alarm").path


def _activity(request: Request, account_id: str, **wanted: str) -> str:
    return f"{request.url_for('admin:account_activity', account_id=account_id).path}?{urlencode(wanted)}"
