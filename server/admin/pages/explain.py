"""Why: one event explained, rule by rule, with the nearest change that would have opened the door."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from server.admin.explaining import Telling
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text
from server.checkins.activity import ActivityRow, Names, names_of
from server.errors import NotFound
from server.explain.errors import NothingDecided
from server.explain.service import Explained, why
from server.staff.permissions import Permission

__all__ = ["WhyPage"]


class WhyPage(OfficePage):
    """`/admin/why/{event_id}`."""

    menu_label = lazy_text("why.title")
    path = "/why/{event_id}"
    route_name = "why"
    permission = Permission.VIEW_ACCOUNTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """The explanation; 404 for what is not there, and a plain word for what no rule decided."""
        event_id = request.path_params["event_id"]
        try:
            explained, names = await in_thread(lambda: self._read(request, event_id))
        except NotFound as error:
            raise HTTPException(404) from error
        except NothingDecided:
            return self.page(request, "office/why_nothing.html", title=self.title(request))
        telling = Telling(self.office.say(signed_in_staff(request)))
        who = names.people.get(explained.scan.person_id or "")
        return self.page(
            request,
            "office/why.html",
            title=self.title(request),
            explained=explained,
            lines=[telling.line(each) for each in explained.explanation.checks],
            ways=[telling.way(each) for each in explained.explanation.nearest],
            telling=telling,
            row=ActivityRow(explained.scan),
            names=names,
            who=who,
        )

    def _read(self, request: Request, event_id: str) -> tuple[Explained, Names]:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            explained = why(session, organization_id, event_id)
            return explained, names_of(session, organization_id, [explained.event, explained.scan])
