"""The client account page: its header and those of its subtabs that have no file of their own."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from server.admin.account import service
from server.admin.account.service import AccountHead
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.staff.permissions import Permission

__all__ = ["AccountPage"]


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

    async def _head(self, request: Request) -> AccountHead:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        head = await in_thread(lambda: service.account_head(self.office.database, staff, account_id))
        if head is None:
            raise HTTPException(404)
        return head

    def _tab(self, request: Request, head: AccountHead, tab: str, **context: Any) -> Response:
        return self.page(request, f"office/account_{tab}.html", title=head.name, head=head, tab=tab, **context)
