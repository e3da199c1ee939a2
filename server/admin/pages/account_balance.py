"""What the account owes: every entry, and entering one by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.routing import route

from server.access_points.values import Problem
from server.accounts import repository
from server.accounts.balance import EntryKind, EntrySource, enter
from server.accounts.errors import InvalidEntry
from server.admin.account.editing import AccountSubpage, Edit
from server.admin.account.form import Field, Kind, Refused
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import texts
from server.models import BalanceEntry
from server.staff.permissions import Permission
from server.staff.repository import staff_names

__all__ = ["AccountBalancePage", "AccountEntryPage"]

_KINDS = {
    "charge": "balance.charge",
    "payment": "balance.payment",
    "credit": "balance.credit",
    "adjustment": "balance.adjustment",
    "adjustment_down": "balance.adjustment_down",
}
_SOURCES = {
    "hand": "balance.by_hand",
    "import": "balance.by_import",
    "api": "balance.by_api",
    "settlement": "balance.by_settlement",
}


class AccountBalancePage(AccountSubpage):
    """`/admin/accounts/{account_id}/balance`, to be read."""

    path = "/accounts/{account_id}/balance"
    route_name = "account_balance"
    permission = Permission.VIEW_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """The entries, newest first."""
        head = await self.head(request)
        entries, names = await in_thread(lambda: self._read(request))
        return self.tab(request, head, "balance", entries=entries, names=names, kinds=_KINDS, sources=_SOURCES)

    def _read(self, request: Request) -> tuple[list[BalanceEntry], dict[str, str]]:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        with self.office.database.read() as session:
            entries = list(repository.entries_of(session, staff.organization_id, account_id))
            ids = {each.entered_by for each in entries if each.entered_by}
            return entries, staff_names(session, staff.organization_id, ids)


class AccountEntryPage(AccountSubpage):
    """`/admin/accounts/{account_id}/balance/enter`."""

    path = "/accounts/{account_id}/balance/enter"
    route_name = "account_entry"
    permission = Permission.BILLING

    @route("", methods=["GET", "POST"])
    async def index(self, request: Request) -> Response:
        """An entry by hand."""
        return await self.account_form(request, "balance", lambda session: self._edit(session, request))

    def _edit(self, session: Session, request: Request) -> Edit:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        account = repository.account_of(session, staff.organization_id, account_id)
        t = texts(staff.language)
        fields = (
            Field(
                name="kind",
                label="fields.kind",
                kind=Kind.CHOICE,
                is_required=True,
                choices=[(kind, t(key)) for kind, key in _KINDS.items()],
            ),
            Field(name="amount", label="balance.amount", kind=Kind.AMOUNT, is_required=True, most=20),
            Field(name="due_on", label="balance.due_on", kind=Kind.DAY, help="balance.due_help"),
            Field(name="description", label="balance.description", most=300),
        )

        def save(session: Session, found: Mapping[str, Any]) -> None:
            is_down = found["kind"] in ("payment", "credit", "adjustment_down")
            if is_down and found["due_on"]:
                raise Refused({"due_on": Problem("account_problem.due_on_charges")})
            try:
                enter(
                    session,
                    staff.organization_id,
                    account.id,
                    kind=EntryKind(found["kind"].removesuffix("_down")),
                    amount_cents=-found["amount"] if is_down else found["amount"],
                    source=EntrySource.HAND,
                    now=self.office.now(),
                    due_on=found["due_on"],
                    description=found["description"],
                    entered_by=staff.staff_id,
                )
            except InvalidEntry as error:
                raise Refused({"amount": Problem("account_problem.not_amount")}) from error

        return Edit(
            title=t("balance.enter"),
            fields=fields,
            values={"kind": ["charge"]},
            save=save,
            back=self.url(request, "account_balance"),
            done="balance.entered",
            submit="balance.enter",
        )
