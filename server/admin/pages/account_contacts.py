"""The contacts of an account: people who are no members of it, and which children they may pick up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin.routing import route

from access.domain.instants import local_day
from server.accounts import people, pick_up, repository
from server.admin.account.editing import AccountSubpage, Edit
from server.admin.account.form import Field, Kind
from server.admin.account.members import pick_up_fields
from server.admin.office import signed_in_staff
from server.admin.texts import texts
from server.models import Contact, new_id
from server.staff.permissions import Permission

__all__ = ["AccountContactsPage"]

_NAMED = (
    Field(name="first_name", label="fields.first_name", is_required=True),
    Field(name="last_name", label="fields.last_name"),
    Field(name="phone", label="fields.phone", kind=Kind.PHONE, most=40),
    Field(name="email", label="fields.email", kind=Kind.EMAIL, most=254),
    Field(name="is_emergency", label="contact.is_emergency", kind=Kind.CHECK),
)


class AccountContactsPage(AccountSubpage):
    """`/admin/accounts/{account_id}/contact`: one is added there, and below it one is changed or taken away."""

    path = "/accounts/{account_id}/contact"
    route_name = "account_contacts"
    permission = Permission.EDIT_ACCOUNTS

    @route("")
    async def index(self, request: Request) -> Response:
        """Contacts are listed with each member."""
        await self.head(request)
        return RedirectResponse(self._back(request), status_code=303)

    @route("/new", methods=["GET", "POST"], name="account_contact_new")
    async def new(self, request: Request) -> Response:
        """Adds a contact."""
        return await self.account_form(request, "members", lambda session: self._edit(session, request, ""))

    @route("/edit/{contact_id}", methods=["GET", "POST"], name="account_contact")
    async def edit(self, request: Request) -> Response:
        """Changes a contact."""
        contact_id = request.path_params["contact_id"]
        return await self.account_form(request, "members", lambda session: self._edit(session, request, contact_id))

    @route("/edit/{contact_id}/delete", methods=["POST"], name="account_contact_delete")
    async def delete(self, request: Request) -> Response:
        """Takes a contact away."""
        return await self.act(
            request,
            lambda session: pick_up.delete_contact(session, self._contact(session, request)),
            done="contact.deleted",
            back=self._back(request),
        )

    def _back(self, request: Request) -> str:
        """The member whose page one came from, if they are named."""
        person_id = request.query_params.get("of", "")
        if person_id.replace("-", "").isalnum():
            return f"{self.url(request, 'account_member', person_id=person_id)}#contacts"
        return f"{self.url(request, 'account_members')}#contacts"

    def _contact(self, session: Session, request: Request) -> Contact:
        staff, parts = signed_in_staff(request), request.path_params
        return repository.contact_of(session, staff.organization_id, parts["account_id"], parts["contact_id"])

    def _edit(self, session: Session, request: Request, contact_id: str) -> Edit:
        staff, account_id = signed_in_staff(request), request.path_params["account_id"]
        account = repository.account_of(session, staff.organization_id, account_id)
        contact = self._contact(session, request) if contact_id else None
        today = local_day(self.office.now(), staff.zone)
        children = [(each.id, each.full_name) for each in account.members if people.is_minor(each, today)]
        rows = repository.allowed_adults(session, staff.organization_id, account_id)
        held = [row.child_id for row in pick_up.children_of(rows, contact)] if contact else []
        # A child who has come of age stays listed while somebody may still pick them up.
        grown = [(each.id, each.full_name) for each in account.people if each.id in held]
        fields = (*_NAMED, *pick_up_fields([*children, *(each for each in grown if each not in children)]))

        def save(session: Session, found: Mapping[str, Any]) -> None:
            kept = contact
            if kept is None:
                kept = Contact(id=new_id(), organization_id=staff.organization_id, account_id=account_id)
                session.add(kept)
            for name in (*(field.name for field in _NAMED), "relation"):
                setattr(kept, name, found[name])
            session.flush()
            pick_up.may_pick_up(session, kept, found["children"], relation=kept.relation)

        t = texts(staff.language)
        return Edit(
            title=t("member.section_of", section=t("contact.change"), name=contact.full_name)
            if contact
            else t("contact.new"),
            fields=fields,
            values={
                **{field.name: [str(getattr(contact, field.name, "") or "")] for field in _NAMED},
                "is_emergency": ["on"] if contact and contact.is_emergency else [],
                "relation": [contact.relation if contact else ""],
                "children": held,
            },
            save=save,
            back=self._back(request),
            why="contact.pick_up_why",
        )
