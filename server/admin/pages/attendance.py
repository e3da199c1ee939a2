"""Attendance lists of a day: who of the registered people came and left, marked here as at a door's desk."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from access.domain.instants import add_days
from server.access_points.repository import facilities
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.attendance.errors import NotPossible
from server.attendance.service import Mark, mark, sheets
from server.attendance.standing import POSSIBLE, State
from server.checkins.activity import ActivityFilter
from server.desk.errors import AlreadyUndone
from server.errors import NotFound
from server.staff.permissions import Permission

__all__ = ["AttendancePage"]

_MOST_NOTE: Final = 200


class AttendancePage(OfficePage):
    """`/admin/attendance?day=...`, and what is marked there."""

    menu_label = lazy_text("attendance.title")
    icon = "fa-solid fa-list-check"
    path = "/attendance"
    route_name = "attendance"
    permission = Permission.ATTENDANCE

    @route("")
    async def index(self, request: Request) -> Response:
        """The lists of a day, by default today's."""
        shown = await in_thread(lambda: self._read(request))
        return self.page(request, "office/attendance.html", title=self.title(request), **shown)

    @route("/{occurrence_id}/{person_id}", methods=["POST"], name="attendance_mark")
    async def mark(self, request: Request) -> Response:
        """Marks one person, and goes back to the list."""
        form, staff = await request.form(), signed_in_staff(request)
        wanted = Mark(
            do=str(form.get("do", "")),
            occurrence_id=request.path_params["occurrence_id"],
            person_id=request.path_params["person_id"],
            seen=str(form.get("seen", "")),
            note=str(form.get("note", "")).strip()[:_MOST_NOTE],
            adult_id=str(form.get("adult", "")),
        )
        if wanted.do not in POSSIBLE:
            raise HTTPException(404)
        say = texts(staff.language)
        try:
            await in_thread(
                lambda: mark(
                    self.office.database,
                    staff.organization_id,
                    wanted,
                    staff_id=staff.staff_id,
                    now=self.office.now(),
                )
            )
        except NotFound as error:
            raise HTTPException(404) from error
        except (NotPossible, AlreadyUndone):
            flash(request, say("attendance.meanwhile"), "error")
        else:
            flash(request, say("attendance.done"), "success")
        back = {name: str(form.get(name, "")) for name in ("day", "facility", "activity") if form.get(name)}
        target = request.url_for("admin:attendance").path
        return RedirectResponse(f"{target}?{urlencode(back)}#{wanted.occurrence_id}", status_code=303)

    def _read(self, request: Request) -> dict[str, Any]:
        staff, query = signed_in_staff(request), request.query_params
        asked = ActivityFilter.parse({"from": query.get("day", "")})
        day: date = asked.first_on or self.office.say(staff).today
        facility, activity = query.get("facility") or None, query.get("activity") or None
        every = sheets(self.office.database, staff.organization_id, day, zone=staff.zone)
        shown = [
            each
            for each in every
            if facility in (None, each.activity.facility_id) and activity in (None, each.activity.id)
        ]
        with self.office.database.read() as session:
            rooms = facilities(session, staff.organization_id)
        keep = {name: value for name, value in (("facility", facility), ("activity", activity)) if value}
        return {
            "day": day,
            "sheets": shown,
            "counts": [
                {state: sum(each.standing.state is state for each in sheet.people) for state in State}
                for sheet in shown
            ],
            "activities": {each.activity.id: each.activity.name for each in every},
            "facilities": rooms,
            "facility_names": {each.id: each.name for each in rooms},
            "facility": facility,
            "activity": activity,
            "states": State,
            "possible": POSSIBLE,
            "before": urlencode({**keep, "day": add_days(day, -1).isoformat()}),
            "after": urlencode({**keep, "day": add_days(day, 1).isoformat()}),
        }
