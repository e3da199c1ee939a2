"""Accounts and people for the forms that choose from them, read only: an account's own pages are where it changes."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette_admin.actions import link_row_action
from starlette_admin.fields import BooleanField, ComputedField, EmailField, HasOne, PhoneField, StringField

from server.admin.records.base import Amount, ReadOnlyView, day_field, id_field, label
from server.admin.texts import lazy_text
from server.models import Account, Person

__all__ = ["AccountView", "PersonView"]


class AccountView(ReadOnlyView):
    """Accounts: whose, and what is owed. A balance moves by its entries alone."""

    fields = (
        id_field(),
        ComputedField("called", label=label("account_name"), getter=lambda _request, account: account_name(account)),
        HasOne("owner", key="person", label=label("owner")),
        Amount("balance_cents", label=label("balance_cents")),
        day_field("due_since"),
    )
    search_columns = (Account.name,)
    add_to_menu = False
    sortable_fields = ("due_since",)

    def __init__(self) -> None:
        super().__init__(Account, key="account", menu="nav.accounts", one="one.account", icon="fa-solid fa-folder-open")

    @link_row_action(name="open", text=lazy_text("records.open_account"), icon_class="fa-solid fa-arrow-right")
    def open(self, request: Request, pk: Any) -> str:
        """Its own pages."""
        return request.url_for("admin:account", account_id=pk).path

    def named(self, obj: Any, request: Request) -> str:
        """Its own name, else its owner's."""
        return account_name(obj)


class PersonView(ReadOnlyView):
    """People of all accounts."""

    fields = (
        id_field(),
        StringField("first_name", label=label("first_name")),
        StringField("last_name", label=label("last_name")),
        StringField("member_id", label=label("member_id")),
        HasOne("account", key="account", label=label("account")),
        day_field("date_of_birth"),
        EmailField("email", label=label("email")),
        PhoneField("phone", label=label("phone"), exclude_from_list=True),
        BooleanField("is_blocked", label=label("is_blocked")),
        BooleanField("has_notify_flag", label=label("has_notify_flag")),
    )
    search_columns = (Person.first_name, Person.last_name, Person.member_id, Person.email)
    add_to_menu = False
    sortable_fields = ("first_name", "last_name", "member_id", "date_of_birth", "email")
    fields_default_sort = ("last_name", "first_name")

    def __init__(self) -> None:
        super().__init__(Person, key="person", menu="nav.people", one="one.person", icon="fa-solid fa-user")


def account_name(account: Account) -> str:
    """An account's own name, else its owner's."""
    return str(account.name or (account.owner.full_name if account.owner else "") or account.id)
