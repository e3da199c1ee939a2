"""People and accounts as lists and forms, beside the account page: search, filter, export, correct."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette_admin.fields import (
    BooleanField,
    EmailField,
    EnumField,
    HasOne,
    IntegerField,
    PhoneField,
    StringField,
)

from access.words import LANGUAGES, words
from server.admin.records.base import OrganizationView, day_field, id_field, label, plausible_email
from server.models import Account, Person

__all__ = ["AccountView", "PersonView"]

_LANGUAGES = [(code, words(code).name) for code in LANGUAGES]


class AccountView(OrganizationView):
    """Accounts: their name and balance. The page of an account is our own."""

    fields = (
        id_field(),
        StringField("name", label=label("account_name")),
        HasOne("owner", key="person", label=label("owner"), read_only=True, exclude_from_create=True),
        IntegerField("balance_cents", label=label("balance_cents"), default=0, required=True),
        day_field("due_since"),
    )
    search_columns = (Account.name,)
    add_to_menu = False
    sortable_fields = ("name", "balance_cents", "due_since")
    is_created_here = False

    def __init__(self) -> None:
        super().__init__(Account, key="account", menu="nav.accounts", one="one.account", icon="fa-solid fa-folder-open")

    def named(self, obj: Any, request: Request) -> str:
        """Its own name, else its owner's."""
        return str(obj.name or (obj.owner.full_name if obj.owner else "") or obj.id)


class PersonView(OrganizationView):
    """People of all accounts."""

    fields = (
        id_field(),
        StringField("first_name", label=label("first_name"), required=True),
        StringField("last_name", label=label("last_name")),
        StringField("member_id", label=label("member_id")),
        HasOne("account", key="account", label=label("account"), required=True, exclude_from_list=True),
        day_field("date_of_birth"),
        EnumField("language", label=label("language"), choices=_LANGUAGES, exclude_from_list=True),
        EmailField("email", label=label("email"), validators=[plausible_email]),
        PhoneField("phone", label=label("phone"), exclude_from_list=True),
        BooleanField("is_blocked", label=label("is_blocked")),
        BooleanField("has_notify_flag", label=label("has_notify_flag")),
    )
    search_columns = (Person.first_name, Person.last_name, Person.member_id, Person.email)
    sortable_fields = ("first_name", "last_name", "member_id", "date_of_birth", "email")
    fields_default_sort = ("last_name", "first_name")
    unique_field = "member_id"

    def __init__(self) -> None:
        super().__init__(Person, key="person", menu="nav.people", one="one.person", icon="fa-solid fa-user")

    async def _populate_obj(self, request: Request, obj: Any, data: dict[str, Any], is_edit: bool = False) -> Any:
        # An empty field is unknown, not the empty text: two people without a member ID do not share one.
        blank = {name: data.get(name) or None for name in ("member_id", "email", "phone", "language")}
        filled = {**data, **blank, "last_name": data.get("last_name") or ""}
        return await super()._populate_obj(request, obj, filled, is_edit)
