"""Who is on an account: adding a person, changing the owner, moving somebody to another account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.routing import route

from access.domain.instants import local_day
from server.access_points.values import Problem
from server.accounts import people, repository
from server.accounts.errors import MoveRefused, OwnerRefused
from server.admin.account.choosing import AccountSearch
from server.admin.account.editing import AccountSubpage, Edit, refuse_archived
from server.admin.account.form import Field, Kind, Refused
from server.admin.account.members import SECTIONS
from server.admin.office import in_thread, signed_in_staff
from server.admin.texts import texts
from server.clients.listed import ListedPerson
from server.creating.checking import people_like
from server.staff.permissions import Permission
from server.staff.service import SignedIn

__all__ = ["AccountPeoplePage"]

_NEW = tuple(
    field for field in SECTIONS["personal"] if field.name in {"first_name", "last_name", "date_of_birth", "language"}
)
_OWNER_REFUSALS = {
    "not_a_member": "account_problem.not_a_member",
    "under_age": "account_problem.under_age",
    "one_adult": "account_problem.one_adult",
}
_MOVE_REFUSALS = {
    "same_account": "account_problem.same_account",
    "is_owner": "account_problem.is_owner",
    "unknown_account": "account_problem.unknown_choice",
    "shared_membership": "account_problem.shared_membership",
}


class AccountPeoplePage(AccountSubpage):
    """`/admin/accounts/{account_id}/people/...`."""

    path = "/accounts/{account_id}/people"
    route_name = "account_people"
    permission = Permission.EDIT_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """The members' own subtab."""
        await self.head(request)
        return RedirectResponse(self.url(request, "account_members"), status_code=303)

    @route("/add", methods=["GET", "POST"], name="account_person_add")
    async def add(self, request: Request) -> Response:
        """A new member; who has the same name in this organization is shown first."""
        return await self.account_form(request, "members", lambda session: self._add(session, request))

    @route("/owner", methods=["GET", "POST"], name="account_owner")
    async def owner(self, request: Request) -> Response:
        """Another account owner."""
        return await self.account_form(request, "members", lambda session: self._owner(session, request))

    @route("/move/{person_id}", methods=["GET", "POST"], name="account_move")
    async def move(self, request: Request) -> Response:
        """To another account of the organization: found by a search, chosen, confirmed."""
        search = await in_thread(lambda: AccountSearch.of(self.office, request))
        sent = str((await request.form()).get("target", "")) if request.method == "POST" else ""
        also = sent if sent in search.ids else ""
        return await self.account_form(
            request, "members", lambda session: self._move(session, request, search), also=also
        )

    def _add(self, session: Session, request: Request) -> Edit:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        account = repository.account_of(session, staff.organization_id, account_id)

        def save(session: Session, found: Mapping[str, Any]) -> str:
            refuse_archived(account)
            if found["do"] != "anyway":
                self._check_name(staff, found["first_name"], found["last_name"])
            given = {field.name: found[field.name] for field in _NEW}
            person = people.add_person(session, account, {**given, "language": given["language"] or None})
            return self.url(request, "account_member", person_id=person.id)

        return Edit(
            title=texts(staff.language)("people.add"),
            fields=_NEW,
            values={},
            save=save,
            back=self.url(request, "account_members"),
            done="people.added",
            submit="people.add",
            why="people.add_why",
            template="office/account_person_add.html",
        )

    def _check_name(self, staff: SignedIn, first_name: str, last_name: str) -> None:
        alike = people_like(self.office.database, self.office.scope(staff), first_name, last_name)
        if alike:
            raise Refused({}, matches=[_match(each) for each in alike])

    def _owner(self, session: Session, request: Request) -> Edit:
        staff = signed_in_staff(request)
        account = repository.account_of(session, staff.organization_id, request.path_params["account_id"])
        today = local_day(self.office.now(), staff.zone)
        grown = people.adults(account.members, today)
        field = Field(
            name="owner",
            label="fields.owner",
            kind=Kind.CHOICE,
            is_required=True,
            choices=[(each.id, each.full_name) for each in grown],
        )

        def save(session: Session, found: Mapping[str, Any]) -> None:
            try:
                people.change_owner(session, account, found["owner"], today=today)
            except OwnerRefused as refused:
                raise Refused({"owner": Problem(_OWNER_REFUSALS[refused.code])}) from refused

        return Edit(
            title=texts(staff.language)("people.change_owner"),
            fields=(field,),
            values={"owner": [account.owner_id or ""]},
            save=save,
            back=self.url(request, "account_members"),
            done="people.owner_changed",
            why="people.owner_why",
        )

    def _move(self, session: Session, request: Request, search: AccountSearch) -> Edit:
        staff, parts = signed_in_staff(request), request.path_params
        person = repository.person_of(session, staff.organization_id, parts["account_id"], parts["person_id"])

        def save(session: Session, values: Mapping[str, Any]) -> str:
            try:
                people.move_person(session, person, values["target"])
            except MoveRefused as refused:
                raise Refused({"target": Problem(_MOVE_REFUSALS[refused.code])}) from refused
            route = request.url_for("admin:account_member", account_id=values["target"], person_id=person.id)
            return route.path

        t = texts(staff.language)
        return Edit(
            title=t("member.section_of", section=t("people.move"), name=person.full_name),
            fields=(search.target(besides=person.account_id),),
            values={},
            save=save,
            back=self.url(request, "account_member", person_id=person.id),
            done="people.moved",
            submit="people.move",
            why="people.move_why",
            template="office/account_move.html",
            context=search.context,
        )


def _match(person: ListedPerson) -> dict[str, Any]:
    return {
        "id": person.id,
        "account_id": person.account_id,
        "name": person.full_name,
        "born_on": person.date_of_birth,
        "picture": person.access_picture,
    }
