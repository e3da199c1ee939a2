"""Account activity, a subtab of the client account page: filtered rows page by page, and all of them as a file."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette_admin.routing import route

from access.domain.reasons import Outcome
from access.wire.events import EventKind
from server.admin.account import service
from server.admin.account.service import AccountHead
from server.admin.activity_csv import activity_csv, activity_file_name
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.checkins.activity import ActivityFilter, Cursor, activity_page
from server.checkins.repository import access_points
from server.models import AccessPoint
from server.staff.permissions import Permission

__all__ = ["AccountActivityPage"]

_SHOWN_ROWS = 50


class AccountActivityPage(OfficePage):
    """`/admin/accounts/{account_id}/activity` and its files."""

    path = "/accounts/{account_id}/activity"
    route_name = "account_activity"
    permission = Permission.VIEW_ACCOUNTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """One page of the rows."""
        head, staff = await self._head(request), signed_in_staff(request)
        wanted = ActivityFilter.parse(request.query_params)
        before = Cursor.parse(request.query_params.get("before"))
        page = await in_thread(
            lambda: activity_page(
                self.office.database,
                staff.organization_id,
                head.account.id,
                wanted,
                zone=staff.zone,
                before=before,
                limit=_SHOWN_ROWS,
            )
        )
        points = await in_thread(lambda: self._points(request))
        return self.page(
            request,
            "office/account_activity.html",
            title=head.name,
            head=head,
            tab="activity",
            page=page,
            wanted=wanted,
            before=before,
            points=points,
            kinds=EventKind,
            outcomes=Outcome,
        )

    @route(".csv", name="account_activity_csv")
    async def csv(self, request: Request) -> Response:
        """The filtered rows, all of them, as a CSV file."""
        head, staff = await self._head(request), signed_in_staff(request)
        wanted = ActivityFilter.parse(request.query_params)
        say = self.office.say(staff)
        name = activity_file_name(head.name, wanted, say)
        return StreamingResponse(
            activity_csv(self.office.database, staff.organization_id, head.account.id, wanted, say),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _head(self, request: Request) -> AccountHead:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        head = await in_thread(lambda: service.account_head(self.office.database, staff, account_id))
        if head is None:
            raise HTTPException(404)
        return head

    def _points(self, request: Request) -> list[AccessPoint]:
        with self.office.database.read() as session:
            return access_points(session, signed_in_staff(request).organization_id)
