"""The client account page: its header and those of its subtabs that have no file of their own."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from access.domain.registrations import ActivityKind
from server.admin.account import service
from server.admin.account.editing import AccountSubpage
from server.admin.office import in_thread, signed_in_staff
from server.staff.permissions import Permission

__all__ = ["AccountPage"]

_COLUMNS = {
    ActivityKind.SESSION: "dated.sessions",
    ActivityKind.DROP_IN: "dated.drop_ins",
    ActivityKind.PRIVATE_LESSON: "dated.private_lessons",
    ActivityKind.FACILITY_BOOKING: "dated.facility_bookings",
}
_ALWAYS = (ActivityKind.SESSION, ActivityKind.DROP_IN)


class AccountPage(AccountSubpage):
    """Everything below `/admin/accounts/{account_id}`."""

    path = "/accounts/{account_id}"
    route_name = "account"
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """Registrations."""
        head, staff = await self.head(request), signed_in_staff(request)
        now = self.office.now()
        database = self.office.database
        held = await in_thread(lambda: service.account_registrations(database, staff, head, now=now))
        dated = await in_thread(lambda: service.account_dated(database, staff, head, now=now))
        there = {line.place.kind for lines in dated.values() for line in lines}
        return self.tab(
            request,
            head,
            "registrations",
            held=held,
            dated=dated,
            columns=[(kind, key) for kind, key in _COLUMNS.items() if kind in _ALWAYS or kind in there],
            by_id={each.id: each for each in head.people},
        )
