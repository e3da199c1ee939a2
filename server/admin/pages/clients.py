"""Finding a family: the list of client accounts with a search that answers while one types."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from server.admin.account.repository import find_accounts
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text
from server.models import Account
from server.staff.permissions import Permission

__all__ = ["ClientsPage"]

_SHOWN = 50
_MAX_TERM = 200


class ClientsPage(OfficePage):
    """`/admin/accounts` and its fragment for the search, `/admin/accounts/found`."""

    menu_label = lazy_text("nav.clients")
    icon = "fa-solid fa-users"
    path = "/accounts"
    route_name = "accounts"
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """The whole page."""
        return await self._show(request, "office/clients.html")

    @route("/found", name="accounts_found")
    async def found(self, request: Request) -> Response:
        """The results alone."""
        return await self._show(request, "office/_clients.html")

    async def _show(self, request: Request, template: str) -> Response:
        term = request.query_params.get("q", "")[:_MAX_TERM]
        accounts = await in_thread(lambda: self._find(request, term))
        return self.page(
            request,
            template,
            title=self.title(request),
            term=term,
            accounts=accounts[:_SHOWN],
            is_cut=len(accounts) > _SHOWN,
        )

    def _find(self, request: Request, term: str) -> list[Account]:
        with self.office.database.read() as session:
            return find_accounts(session, signed_in_staff(request).organization_id, term, limit=_SHOWN + 1)
