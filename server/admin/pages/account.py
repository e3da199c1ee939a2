"""The client account page: its header and those of its subtabs that are built, in their fixed order."""

from __future__ import annotations

from typing import Any

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

__all__ = ["AccountPage"]

_SHOWN_ROWS = 50


class AccountPage(OfficePage):
    """Everything below `/admin/accounts/{account_id}`."""

    path = "/accounts/{account_id}"
    route_name = "account"
    permission = Permission.VIEW_ACCOUNTS
    add_to_menu = False

    @route("")
    async def index(self, request: Request) -> Response:
        """Registrations."""
        head, staff = await self._head(request), signed_in_staff(request)
        now = self.office.now()
        held = await in_thread(lambda: service.account_registrations(self.office.database, staff, head, now=now))
        return self._tab(request, head, "registrations", held=held, by_id={each.id: each for each in head.people})

    @route("/members", name="account_members")
    async def members(self, request: Request) -> Response:
        """Account members."""
        head, staff = await self._head(request), signed_in_staff(request)
        entries = await in_thread(lambda: service.last_entries(self.office.database, staff, head))
        return self._tab(request, head, "members", entries=entries)

    @route("/cards", name="account_cards")
    async def cards(self, request: Request) -> Response:
        """Membership cards."""
        head, staff = await self._head(request), signed_in_staff(request)
        held = await in_thread(lambda: service.account_cards(self.office.database, staff, head))
        return self._tab(request, head, "cards", credentials=held)

    @route("/activity", name="account_activity")
    async def activity(self, request: Request) -> Response:
        """Account activity, one page of it."""
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
        return self._tab(
            request,
            head,
            "activity",
            page=page,
            wanted=wanted,
            before=before,
            points=points,
            kinds=EventKind,
            outcomes=Outcome,
        )

    @route("/activity.csv", name="account_activity_csv")
    async def activity_export(self, request: Request) -> Response:
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

    def _tab(self, request: Request, head: AccountHead, tab: str, **context: Any) -> Response:
        return self.page(request, f"office/account_{tab}.html", title=head.name, head=head, tab=tab, **context)
