"""Duplicates: who may be twice in the list, both side by side, and making them one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.flash import flash
from starlette_admin.routing import route

from server.admin.frame import OfficePage
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import lazy_text, texts
from server.errors import NotFound
from server.merging.errors import MergeRefused
from server.merging.fields import FIELDS, differences
from server.merging.service import merge_people
from server.merging.suggestions import suggestions
from server.models import Account, Person
from server.privacy import repository
from server.staff.permissions import Permission

__all__ = ["MergePage"]


class MergePage(OfficePage):
    """`/admin/duplicates`."""

    menu_label = lazy_text("merge.title")
    icon = "fa-solid fa-people-arrows"
    path = "/duplicates"
    route_name = "duplicates"
    permission = Permission.MANAGE_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """Pairs, the likeliest first; of one person with `?person=`."""
        pairs = await in_thread(lambda: self._pairs(request))
        return self.page(request, "office/duplicates.html", title=self.title(request), pairs=pairs)

    @route("/{kept_id}/{gone_id}", methods=["GET", "POST"], name="duplicates_merge")
    async def merge(self, request: Request) -> Response:
        """Side by side; choose what stays, and make them one."""
        if request.method == "GET":
            found = await in_thread(lambda: self._compare(request))
            return self.page(request, "office/merge.html", title=self.title(request), **found)
        form, t = await request.form(), texts(signed_in_staff(request).language)
        if form.get("confirmed") != "yes":
            flash(request, t("merge_problem.not_confirmed"), "error")
            return RedirectResponse(request.url.path, status_code=303)
        chosen = [name for name in FIELDS if form.get(name) == "gone"]
        try:
            account_id = await in_thread(lambda: self._merge(request, chosen))
        except NotFound as error:
            raise HTTPException(404) from error
        except MergeRefused as refused:
            flash(request, t(f"merge_problem.{refused.code}"), "error")
            return RedirectResponse(request.url.path, status_code=303)
        flash(request, t("merge.done"), "success")
        to = request.url_for("admin:account_member", account_id=account_id, person_id=request.path_params["kept_id"])
        return RedirectResponse(to.path, status_code=303)

    def _pairs(self, request: Request) -> list[dict[str, Any]]:
        organization_id = signed_in_staff(request).organization_id
        with self.office.database.read() as session:
            found = suggestions(session, organization_id, person_id=request.query_params.get("person", "")[:64])
            ids = {id_ for each in found for id_ in (each.first_id, each.second_id)}
            people = {each.id: each for each in session.scalars(select(Person).where(Person.id.in_(ids)))}
        return [
            {"first": people[each.first_id], "second": people[each.second_id], "reasons": each.reasons}
            for each in found
        ]

    def _compare(self, request: Request) -> dict[str, Any]:
        organization_id, parts = signed_in_staff(request).organization_id, request.path_params
        try:
            with self.office.database.read() as session:
                kept = repository.person_of(session, organization_id, parts["kept_id"])
                gone = repository.person_of(session, organization_id, parts["gone_id"])
                if kept.id == gone.id or any(each.merged_into or each.erased_at for each in (kept, gone)):
                    raise NotFound("nothing to merge")
                accounts = [session.get_one(Account, each.account_id) for each in (kept, gone)]
                takes_account = kept.account_id != gone.account_id and not repository.living(
                    session, accounts[1], but=gone.id
                )
                return {
                    "kept": kept,
                    "gone": gone,
                    "differing": differences(kept, gone),
                    "takes_account": takes_account,
                    "balances": [each.balance_cents for each in accounts],
                }
        except NotFound as error:
            raise HTTPException(404) from error

    def _merge(self, request: Request, chosen: list[str]) -> str:
        organization_id, parts = signed_in_staff(request).organization_id, request.path_params
        with self.office.database.write() as session:
            merge_people(
                session,
                organization_id,
                kept_id=parts["kept_id"],
                gone_id=parts["gone_id"],
                chosen=chosen,
                now=self.office.now(),
            )
            return repository.person_of(session, organization_id, parts["kept_id"]).account_id
