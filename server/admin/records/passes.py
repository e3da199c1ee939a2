"""Memberships and multipasses of all accounts, the types they are sold by, and cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import joinedload
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette_admin.actions import link_row_action
from starlette_admin.exceptions import FormValidationError
from starlette_admin.fields import (
    BooleanField,
    ComputedField,
    EnumField,
    HasOne,
    StringField,
)

from server.admin.menu import Group
from server.admin.office import may, signed_in_staff
from server.admin.records.base import (
    Amount,
    Instant,
    OrganizationView,
    ReadOnlyView,
    WholeNumber,
    day_field,
    id_field,
    label,
    name_fields,
    said,
)
from server.admin.say import masked
from server.admin.texts import lazy_text
from server.models import (
    Credential,
    Membership,
    MembershipType,
    Multipass,
    MultipassType,
)
from server.models.base import ID_LENGTH

__all__ = ["CredentialView", "MembershipTypeView", "MembershipView", "MultipassTypeView", "MultipassView"]


def _choices(group: str, *codes: str) -> list[tuple[str, str]]:
    return [(code, lazy_text(f"{group}.{code}")) for code in codes]


_EFFECTIVE = _choices("effective", "on_purchase", "on_date", "on_first_use")


@dataclass
class _Code(StringField):
    """By what files and other systems name a type; empty is none."""

    async def parse_form_data(self, request: Request, form_data: FormData) -> Any:
        """The text, None when empty."""
        return str(form_data.get(self.id) or "").strip() or None


def _code() -> _Code:
    return _Code("code", label=label("code"), maxlength=ID_LENGTH, exclude_from_list=True)


class MembershipTypeView(OrganizationView):
    """Memberships as they are sold."""

    fields = (
        id_field(),
        *name_fields(),
        _code(),
        Amount("price_cents", label=label("price")),
        BooleanField("makes_cards", label=label("makes_cards")),
    )
    unique_field = "code"
    search_columns = (MembershipType.name_en, MembershipType.name_fr)
    fields_default_sort = ("name_en",)
    group = Group.PASSES
    rank = 60

    def __init__(self) -> None:
        super().__init__(
            MembershipType,
            key="membership-type",
            menu="nav.membership_types",
            one="one.membership_type",
            icon="fa-solid fa-tags",
        )


class MultipassTypeView(OrganizationView):
    """Multipasses as they are sold. What is changed here holds for passes sold afterwards."""

    fields = (
        id_field(),
        *name_fields(),
        _code(),
        WholeNumber("total", label=label("total"), help_text=lazy_text("help.unlimited")),
        Amount("price_cents", label=label("price"), help_text=lazy_text("help.price")),
        EnumField("effective", label=label("effective"), choices=_EFFECTIVE, required=True),
        BooleanField("is_family", label=label("is_family")),
        BooleanField("is_one_use_a_day", label=label("is_one_use_a_day"), exclude_from_list=True),
        BooleanField("is_strict", label=label("is_strict"), help_text=lazy_text("help.strict_type")),
    )
    unique_field = "code"
    search_columns = (MultipassType.name_en, MultipassType.name_fr)
    fields_default_sort = ("name_en",)
    group = Group.PASSES
    rank = 70

    def __init__(self) -> None:
        super().__init__(
            MultipassType,
            key="multipass-type",
            menu="nav.multipass_types",
            one="one.multipass_type",
            icon="fa-solid fa-tags",
        )


class MembershipView(ReadOnlyView):
    """Memberships of all accounts. They are sold, paused and cancelled on their account."""

    fields = (
        id_field(),
        HasOne("account", key="account", label=label("account")),
        HasOne("type", key="membership-type", label=label("type")),
        day_field("starts_on"),
        day_field("ends_on"),
        EnumField(
            "cancellation_state",
            label=label("cancellation_state"),
            choices=_choices("cancellation", "requested", "scheduled"),
        ),
        day_field("cancellation_ends_on"),
    )
    search_by_person = "account_id"
    sortable_fields = ("starts_on", "ends_on", "cancellation_ends_on")
    fields_default_sort = (("starts_on", True),)
    group = Group.PASSES
    rank = 10

    def __init__(self) -> None:
        super().__init__(
            Membership, key="membership", menu="nav.memberships", one="one.membership", icon="fa-solid fa-id-badge"
        )

    def get_list_query(self, request: Request) -> Select[Any]:
        """With the account's owner, by whom an account is called."""
        return super().get_list_query(request).options(joinedload(Membership.account))

    async def is_row_action_allowed(self, request: Request, name: str) -> bool:
        """Its form is for who may edit accounts."""
        if name == "change":
            return may(request, self.edit_permission)
        return await super().is_row_action_allowed(request, name)

    @link_row_action(name="change", text=lazy_text("records.change_there"), icon_class="fa-solid fa-pen")
    def change(self, request: Request, pk: Any) -> str:
        """Its form on the account."""
        account_id = request.state.session.get_one(Membership, pk).account_id
        return request.url_for("admin:account_membership", account_id=account_id, membership_id=pk).path

    def named(self, obj: Any, request: Request) -> str:
        """The name of its type."""
        return str(obj.type.name.in_language(signed_in_staff(request).language))


class MultipassView(OrganizationView):
    """Multipasses as sold, to be corrected. They are sold on their account, where one sees what is left."""

    fields = (
        id_field(),
        HasOne("account", key="account", label=label("account"), read_only=True),
        HasOne("type", key="multipass-type", label=label("type"), read_only=True),
        HasOne("person", key="person", label=label("person"), help_text=lazy_text("help.family")),
        WholeNumber("total", label=label("total"), help_text=lazy_text("help.unlimited")),
        day_field("purchased_on", required=True),
        EnumField("effective", label=label("effective"), choices=_EFFECTIVE, required=True, exclude_from_list=True),
        day_field("effective_on", exclude_from_list=True),
        day_field("expires_on"),
        BooleanField("is_one_use_a_day", label=label("is_one_use_a_day"), exclude_from_list=True),
        BooleanField("is_strict", label=label("is_strict"), help_text=lazy_text("help.strict"), exclude_from_list=True),
    )
    search_by_person = "account_id"
    sortable_fields = ("total", "purchased_on", "expires_on")
    fields_default_sort = (("purchased_on", True),)
    is_created_here = False
    group = Group.PASSES
    rank = 20

    def __init__(self) -> None:
        super().__init__(
            Multipass, key="multipass", menu="nav.multipasses", one="one.multipass", icon="fa-solid fa-ticket"
        )

    async def _populate_obj(self, request: Request, obj: Any, data: dict[str, Any], is_edit: bool = False) -> Any:
        """A pass that takes effect on a date needs it; its person is on its account."""
        errors: dict[str | int, Any] = {}
        person = data.get("person")
        if data.get("effective") == "on_date" and not data.get("effective_on"):
            errors["effective_on"] = said(request, "records.date_needed")
        if person is not None and person.account_id != obj.account_id:
            errors["person"] = said(request, "records.other_account")
        if errors:
            raise FormValidationError(errors)
        return await super()._populate_obj(request, obj, data, is_edit)

    def named(self, obj: Any, request: Request) -> str:
        """The name of its type."""
        return str(obj.type.name.in_language(signed_in_staff(request).language))


class CredentialView(ReadOnlyView):
    """Cards of all accounts, never with their code. They are issued, replaced and cancelled on their account."""

    fields = (
        id_field(),
        HasOne("person", key="person", label=label("person")),
        EnumField("kind", label=label("kind"), choices=_choices("card_kind", "barcode", "qr", "nfc")),
        ComputedField("masked", label=label("number"), getter=lambda _request, card: masked(card.value)),
        Instant("issued_at", label=label("issued_at")),
        Instant("revoked_at", label=label("revoked_at")),
    )
    search_by_person = "person_id"
    sortable_fields = ("kind", "issued_at", "revoked_at")
    searchable_fields = ()
    fields_default_sort = (("issued_at", True),)
    group = Group.PASSES
    rank = 30

    def __init__(self) -> None:
        super().__init__(Credential, key="card", menu="nav.cards", one="one.card", icon="fa-solid fa-id-card")

    @link_row_action(name="open", text=lazy_text("records.open_account"), icon_class="fa-solid fa-arrow-right")
    def open(self, request: Request, pk: Any) -> str:
        """The cards of its account."""
        account_id = request.state.session.get_one(Credential, pk).person.account_id
        return f"{request.url_for('admin:account', account_id=account_id).path}/cards"

    def named(self, obj: Any, request: Request) -> str:
        """Its hidden number."""
        return masked(obj.value)
