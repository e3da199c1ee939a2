"""The account itself: its name; archiving it with everyone on it, bringing it back, making it part of another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.access_points.values import Problem
from server.accounts.repository import account_of
from server.admin.account.choosing import AccountSearch
from server.admin.account.editing import AccountSubpage, Edit
from server.admin.account.form import Field, Kind, Refused
from server.admin.office import in_thread, may, signed_in_staff, whose
from server.admin.texts import texts
from server.errors import NotFound
from server.merging.errors import MergeRefused
from server.merging.service import merge_accounts
from server.privacy.archiving import archive_account, unarchive_account
from server.privacy.errors import ArchiveRefused
from server.privacy.obstacles import WARNINGS, of_archiving_account
from server.staff.permissions import Permission

__all__ = ["AccountEndPage", "AccountSettingsPage"]

_MOST_NAME = 200


class AccountSettingsPage(AccountSubpage):
    """`/admin/accounts/{account_id}/settings`."""

    path = "/accounts/{account_id}/settings"
    route_name = "account_settings"
    permission = Permission.EDIT_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """The name, and for those who may what ends the account."""
        head, staff, may_end = await self.head(request), signed_in_staff(request), may(request, self._ending)
        now = self.office.now()

        def read() -> list[str]:
            with self.office.database.read() as session:
                account = account_of(session, staff.organization_id, head.account.id)
                return [str(each) for each in of_archiving_account(session, account, now=now)]

        obstacles = await in_thread(read) if may_end and head.account.archived_at is None else []
        return self.tab(
            request,
            head,
            "settings",
            may_end=may_end,
            refusals=[each for each in obstacles if each not in WARNINGS],
            warnings=[each for each in obstacles if each in WARNINGS],
        )

    @route("/name", methods=["GET", "POST"], name="account_name")
    async def name(self, request: Request) -> Response:
        """What the account is called: a family, a company; without a name of its own, as its owner."""
        return await self.account_form(request, "settings", lambda session: self._naming(session, request))

    _ending = Permission.MANAGE_ACCOUNTS

    def _naming(self, session: Session, request: Request) -> Edit:
        staff = signed_in_staff(request)
        account = account_of(session, staff.organization_id, request.path_params["account_id"])

        def save(session: Session, found: Mapping[str, Any]) -> None:
            account.name = " ".join(found["name"].split())

        return Edit(
            title=texts(staff.language)("account_itself.name"),
            fields=(Field(name="name", label="account_itself.name", most=_MOST_NAME, help="account_itself.name_help"),),
            values={"name": [account.name]},
            save=save,
            back=self.url(request, "account_settings"),
        )


class AccountEndPage(AccountSubpage):
    """`/admin/accounts/{account_id}/end` and what is done below it."""

    path = "/accounts/{account_id}/end"
    route_name = "account_end"
    permission = Permission.MANAGE_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """All of it is chosen in the account's settings."""
        await self.head(request)
        return RedirectResponse(self._back(request), status_code=303)

    @route("/archive", methods=["POST"], name="account_archive")
    async def archive(self, request: Request) -> Response:
        """Takes everyone off the lists and the doors; the history stays."""
        organization_id, account_id = whose(request, "account_id")
        is_confirmed = (await request.form()).get("confirmed") == "yes"
        now = self.office.now()
        return await self._ended(
            request,
            lambda session: archive_account(session, organization_id, account_id, now=now, is_confirmed=is_confirmed),
            "account_itself.archived",
        )

    @route("/unarchive", methods=["POST"], name="account_unarchive")
    async def unarchive(self, request: Request) -> Response:
        """Brings back those who were archived with it."""
        organization_id, account_id = whose(request, "account_id")
        return await self._ended(
            request,
            lambda session: unarchive_account(session, organization_id, account_id),
            "account_itself.unarchived",
        )

    @route("/merge", methods=["GET", "POST"], name="account_merge")
    async def merge(self, request: Request) -> Response:
        """Makes it part of another account: found by a search, chosen, confirmed."""
        head = await self.head(request)
        if head.account.merged_into is not None:
            return RedirectResponse(self._back(request), status_code=303)
        search = await in_thread(lambda: AccountSearch.of(self.office, request))
        # The merge itself locks both accounts, in the order of their ids.
        return await self.edited(
            request,
            lambda session: self._merging(session, request, search),
            lock=lambda _: True,
            head=head,
            tab="settings",
        )

    async def _ended(self, request: Request, work: Callable[[Session], None], done: str) -> Response:
        t = texts(signed_in_staff(request).language)

        def run() -> None:
            with self.office.database.write() as session:
                work(session)

        try:
            await in_thread(run)
        except NotFound as error:
            raise HTTPException(404) from error
        except ArchiveRefused as refused:
            flash(request, " ".join(t(f"privacy_obstacle.{code}") for code in refused.codes), "error")
        else:
            flash(request, t(done), "success")
        return RedirectResponse(self._back(request), status_code=303)

    def _merging(self, session: Session, request: Request, search: AccountSearch) -> Edit:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        account_of(session, staff.organization_id, account_id)
        sure = Field(name="sure", label="account_itself.merge_sure", kind=Kind.CHECK)
        now = self.office.now()

        def save(session: Session, values: Mapping[str, Any]) -> str:
            if not values["sure"]:
                raise Refused({"sure": Problem("account_problem.required")})
            try:
                merge_accounts(session, staff.organization_id, kept_id=values["target"], gone_id=account_id, now=now)
            except MergeRefused as refused:
                raise Refused({"target": Problem(f"merge_problem.{refused.code}")}) from refused
            return request.url_for("admin:account", account_id=values["target"]).path

        return Edit(
            title=texts(staff.language)("account_itself.merge"),
            fields=(search.target(besides=account_id), sure),
            values={},
            save=save,
            back=self._back(request),
            done="account_itself.merged",
            submit="account_itself.merge",
            why="account_itself.merge_why",
            template="office/account_move.html",
            context=search.context,
        )

    def _back(self, request: Request) -> str:
        return self.url(request, "account_settings")
