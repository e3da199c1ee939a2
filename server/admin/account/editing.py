"""The way of every form on an account: opened, typed, checked, saved in one transaction, never over somebody else.

A form carries the digest of what it was opened with. The account's row is locked while it is compared and saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash

from access.domain.instants import local_day
from server.access_points.values import Form, Problem, Problems, Values, values_of
from server.accounts.locks import hold_accounts
from server.admin.account import service
from server.admin.account.form import Field, Refused, differing, digest_of, read
from server.admin.account.service import AccountHead
from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff, whose
from server.admin.texts import texts
from server.errors import NotFound
from server.models import Account

__all__ = ["AccountSubpage", "Edit", "FormPage", "refuse_archived"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A form as it is now: what is saved, and what saves it. `title` is ready text; `done` the key of what is said,
    or `told` answers it in full once all is saved.

    `save` gets what `read` answers, may raise `Refused`, and may answer where to go instead of `back`.
    """

    title: str
    fields: Sequence[Field]
    values: Values
    save: Callable[[Session, Mapping[str, Any]], str | None]
    back: str
    done: str = "account_form.saved"
    told: Callable[[], str] | None = None
    submit: str = "account_form.save"
    why: str = ""
    template: str = "office/account_form.html"
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Of what is saved."""
        return digest_of(self.fields, self.values)


class _Stopped(Exception):
    """Takes a half-done transaction back."""

    def __init__(self, problems: Problems, *, is_changed: bool = False) -> None:
        super().__init__()
        self.problems, self.is_changed = problems, is_changed


class FormPage(OfficePage):
    """A page with forms that are `Edit`s. What is locked while one is saved is the page's own affair."""

    add_to_menu = False

    async def edited(
        self, request: Request, make: Callable[[Session], Edit], *, lock: Callable[[Session], bool], **context: Any
    ) -> Response:
        """Shows the form, or saves what was sent. `lock` answers False when there is nothing (any more) to lock."""
        try:
            if request.method == "GET":
                edit = await in_thread(lambda: self._opened(make))
                return self._form(request, edit, edit.values, seen=edit.version, **context)
            sent = values_of((await request.form()).multi_items())
            return await self._sent(request, make, lock, sent, context)
        except NotFound as error:
            raise HTTPException(404) from error

    def _opened(self, make: Callable[[Session], Edit]) -> Edit:
        with self.office.database.read() as session:
            return make(session)

    async def _sent(
        self,
        request: Request,
        make: Callable[[Session], Edit],
        lock: Callable[[Session], bool],
        sent: Values,
        context: Mapping[str, Any],
    ) -> Response:
        staff, seen = signed_in_staff(request), sent.get("seen", [""])[0]
        today = local_day(self.office.now(), staff.zone)
        edit: Edit | None = None

        def work() -> str:
            nonlocal edit
            with self.office.database.write() as session:
                if not lock(session):
                    raise NotFound
                edit = make(session)
                found, problems = read(edit.fields, sent, today)
                if problems:
                    raise _Stopped(problems)
                if edit.version != seen:
                    raise _Stopped({}, is_changed=True)
                return edit.save(session, {**found, "do": sent.get("do", [""])[0]}) or edit.back

        try:
            back = await in_thread(work)
        except (_Stopped, Refused) as stopped:
            assert edit is not None
            is_changed = isinstance(stopped, _Stopped) and stopped.is_changed
            return self._form(
                request,
                edit,
                sent,
                seen=edit.version if is_changed else seen,
                problems=stopped.problems,
                meanwhile=differing(edit.fields, sent, edit.values) if is_changed else None,
                status=409 if is_changed else 422,
                **context,
                **(stopped.more if isinstance(stopped, Refused) else {}),
            )
        assert edit is not None
        flash(request, edit.told() if edit.told else texts(staff.language)(edit.done), "success")
        return RedirectResponse(back, status_code=303)

    def _form(
        self,
        request: Request,
        edit: Edit,
        values: Values,
        *,
        seen: str,
        problems: Problems | None = None,
        meanwhile: Sequence[Field] | None = None,
        status: int = 200,
        **context: Any,
    ) -> Response:
        return self.page(
            request,
            edit.template,
            status=status,
            **{
                "title": edit.title,
                "edit": edit,
                "form": Form(values, problems or {}),
                "seen": seen,
                "meanwhile": meanwhile,
                "is_unsaved": status != 200,
                **edit.context,
                **context,
            },
        )


class AccountSubpage(FormPage):
    """A page below one account of the signed-in staff's organization."""

    async def head(self, request: Request) -> AccountHead:
        """The header. 404 when the organization has no such account."""
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        head = await in_thread(lambda: service.account_head(self.office.database, staff, account_id))
        if head is None:
            raise HTTPException(404)
        return head

    def tab(self, request: Request, head: AccountHead, tab: str, **context: Any) -> Response:
        """A subtab."""
        return self.page(request, f"office/account_{tab}.html", title=head.name, head=head, tab=tab, **context)

    async def account_form(
        self, request: Request, tab: str, make: Callable[[Session], Edit], *, also: str = ""
    ) -> Response:
        """A form of the account, under its header; what is sent is saved holding the account, and the one `also`."""
        head = await self.head(request)
        if head.account.merged_into is not None:
            flash(request, texts(signed_in_staff(request).language)("account_itself.is_merged"), "warning")
            there = request.url_for("admin:account", account_id=head.account.merged_into).path
            return RedirectResponse(there, status_code=303)
        return await self.edited(
            request, make, lock=lambda session: self._locks(session, request, also=also), head=head, tab=tab
        )

    async def act(self, request: Request, work: Callable[[Session], object], *, done: str, back: str) -> Response:
        """Does one thing in a transaction that holds the account, says so and goes back."""

        def locked() -> None:
            with self.office.database.write() as session:
                if not self._locks(session, request):
                    raise NotFound
                work(session)

        try:
            await in_thread(locked)
        except NotFound as error:
            raise HTTPException(404) from error
        flash(request, texts(signed_in_staff(request).language)(done), "success")
        return RedirectResponse(back, status_code=303)

    def _locks(self, session: Session, request: Request, *, also: str = "") -> bool:
        organization_id, account_id = whose(request, "account_id")
        held = hold_accounts(session, organization_id, {account_id, also} - {""}).get(account_id)
        # What became part of another account has nothing any more: what was put on it would be lost.
        return held is not None and held.merged_into is None

    def url(self, request: Request, route: str, **parts: str) -> str:
        """The path of a route below the request's account."""
        return request.url_for(f"admin:{route}", account_id=request.path_params["account_id"], **parts).path


def refuse_archived(account: Account) -> None:
    """Raises Refused for an archived account: what is put on it would be in no list, and at the doors one day."""
    if account.archived_at is not None:
        raise Refused({"": Problem("account_problem.is_archived")})
