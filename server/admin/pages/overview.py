"""The Check-in overview, home of the back office: today's scans as they happen, or those of another day."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.live import server_sent_events
from server.admin.menu import Group
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text
from server.checkins.activity import ActivityFilter
from server.checkins.overview import SHOWN_SCANS, Overview, overview
from server.checkins.repository import access_points
from server.models import AccessPoint
from server.staff.permissions import Permission

__all__ = ["OverviewPage"]


class OverviewPage(OfficePage):
    """`/admin/` and its stream, `/admin/live`."""

    menu_label = lazy_text("nav.overview")
    icon = "fa-solid fa-door-open"
    path = "/"
    route_name = "index"
    group = Group.TODAY
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """The day, the access point, the counts and the scans."""
        point_id, day = _asked(request)
        staff = signed_in_staff(request)
        shown, points = await in_thread(lambda: (self._overview(request, point_id, day), self._points(request)))
        today = self.office.say(staff).today
        return self.page(
            request,
            "office/overview.html",
            title=staff.organization_name,
            overview=shown,
            points=points,
            point_id=point_id,
            is_live=shown.day == today,
            limit=SHOWN_SCANS,
        )

    @route("/live", name="live")
    async def live(self, request: Request) -> Response:
        """Today's scans and counts, whenever they change."""
        point_id, _ = _asked(request)
        staff = signed_in_staff(request)
        sent: set[str] = set()
        said: list[Any] = []

        async def update() -> dict[str, Any] | None:
            shown = await in_thread(lambda: self._overview(request, point_id, None))
            fresh = [row for row in shown.rows if row.event.id not in sent]
            sent.clear()
            sent.update(row.event.id for row in shown.rows)
            if not fresh and said == [shown.counts]:
                return None
            said[:] = [shown.counts]
            return self._message(request, shown, fresh)

        stream = server_sent_events(self.office.database, staff.organization_id, update)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    def _message(self, request: Request, shown: Overview, fresh: list[Any]) -> dict[str, Any]:
        say = self.office.say(signed_in_staff(request))
        assert self.templates is not None
        template = self.templates.get_template("office/_scans.html")
        counts = {name: say.number(getattr(shown.counts, name)) for name in ("inside", "granted", "review", "denied")}
        html = template.render(request=request, say=say, rows=fresh, names=shown.names)
        return {"html": html, "counts": counts, "day": shown.day.isoformat()}

    def _overview(self, request: Request, point_id: str | None, day: date | None) -> Overview:
        staff = signed_in_staff(request)
        return overview(
            self.office.database,
            staff.organization_id,
            zone=staff.zone,
            now=self.office.now(),
            day=day,
            access_point_id=point_id,
        )

    def _points(self, request: Request) -> list[AccessPoint]:
        with self.office.database.read() as session:
            return access_points(session, signed_in_staff(request).organization_id)


def _asked(request: Request) -> tuple[str | None, date | None]:
    asked = ActivityFilter.parse(
        {"point": request.query_params.get("point", ""), "from": request.query_params.get("day", "")}
    )
    return asked.access_point_id, asked.first_on
