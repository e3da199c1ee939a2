"""Staff accounts: made, changed and disabled here; passwords go through `server.staff` and are never shown."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette_admin.exceptions import FormValidationError
from starlette_admin.fields import BooleanField, EmailField, EnumField, PasswordField, StringField
from starlette_admin.types import RequestAction

from access.words import LANGUAGES, words
from server.admin.office import signed_in_staff
from server.admin.records.base import OrganizationView, id_field, label, plausible_email, said
from server.admin.texts import lazy_text
from server.models import Staff, StaffRole
from server.staff import pins, repository, roles, service
from server.staff.errors import (
    BeyondOwn,
    EmailTaken,
    InvalidEmail,
    LastAdmin,
    OwnAccount,
    PinTaken,
    StaffError,
    UnknownRole,
    WeakPassword,
    WeakPin,
)
from server.staff.passwords import MIN_PASSWORD_CHARACTERS
from server.staff.permissions import Permission

__all__ = ["StaffView"]

_PROBLEMS: dict[type[StaffError], tuple[str, str]] = {
    WeakPassword: ("password", "records.weak_password"),
    EmailTaken: ("email", "records.taken"),
    InvalidEmail: ("email", "records.bad_email"),
    WeakPin: ("pin", "records.weak_pin"),
    PinTaken: ("pin", "records.pin_taken"),
    BeyondOwn: ("role", "roles.problem_beyond_own"),
    OwnAccount: ("password", "second_factor.own_account"),
    LastAdmin: ("role", "roles.problem_last_admin"),
    UnknownRole: ("role", "records.choose"),
}


def _secret_field(name: str) -> PasswordField:
    """A secret that can be set and is never shown."""
    return PasswordField(
        name,
        label=label(name),
        getter=lambda _request, _staff: None,
        help_text=lazy_text(f"help.{name}"),
        exclude_from_list=True,
        exclude_from_detail=True,
        exclude_from_export=True,
        searchable=False,
        orderable=False,
        filters=[],
    )


def _roles(request: Request) -> list[tuple[str, str]]:
    """Our roles and the organization's own."""
    who = signed_in_staff(request)
    own = repository.own_roles(request.state.session, who.organization_id)
    ours = [(each.value, said(request, f"role.{each.value}")) for each in StaffRole]
    return [*ours, *((each.id, each.name) for each in own)]


class StaffView(OrganizationView):
    """The list and the form."""

    fields = (
        id_field(),
        StringField("name", label=label("full_name"), required=True),
        EmailField("email", label=label("email"), validators=[plausible_email], required=True),
        EnumField(
            "role",
            label=label("role"),
            required=True,
            choices_loader=_roles,
            getter=lambda _request, staff: staff.role_id or str(staff.role),
            orderable=False,
            filters=[],
        ),
        EnumField(
            "language", label=label("language"), required=True, choices=[(code, words(code).name) for code in LANGUAGES]
        ),
        BooleanField("is_active", label=label("is_active"), default=True),
        _secret_field("password"),
        _secret_field("pin"),
    )
    search_columns = (Staff.name, Staff.email)
    sortable_fields = ("name", "email")
    fields_default_sort = ("name",)
    view_permission = edit_permission = Permission.STAFF
    rank = 30

    def __init__(self) -> None:
        super().__init__(Staff, key="staff", menu="nav.staff", one="one.staff", icon="fa-solid fa-user-shield")

    async def validate(self, request: Request, data: dict[str, Any]) -> None:
        """A new account needs a password; nobody shuts themselves out."""
        await super().validate(request, data)
        is_new = request.state.action is RequestAction.CREATE
        password = data.get("password") or ""
        if (is_new or password) and len(password) < MIN_PASSWORD_CHARACTERS:
            raise FormValidationError({"password": said(request, "records.weak_password")})

    async def create(self, request: Request, data: dict[str, Any]) -> Any:
        """A new staff member of the reader's organization."""
        await self.validate(request, data)
        try:
            staff = service.create_staff(
                request.state.session,
                organization_id=signed_in_staff(request).organization_id,
                email=data["email"],
                name=data["name"],
                password=data["password"],
                role=StaffRole.VIEWER,
                language=data["language"],
            )
            roles.give_role(request.state.session, signed_in_staff(request), staff, data["role"])
            if data.get("pin"):
                pins.set_pin(request.state.session, staff, data["pin"])
        except StaffError as error:
            raise _remark(request, error) from error
        staff.is_active = bool(data.get("is_active"))
        return staff

    async def _populate_obj(self, request: Request, obj: Any, data: dict[str, Any], is_edit: bool = False) -> Any:
        session, who = request.state.session, signed_in_staff(request)
        try:
            if data.get("password"):
                roles.check_not_own(who, obj)
            roles.check_reach(who, obj)
            roles.give_role(session, who, obj, data["role"])
        except StaffError as error:
            raise _remark(request, error) from error
        email = service.canonical_email(data["email"])
        if email != obj.email and service.is_email_taken(session, who.organization_id, email):
            raise FormValidationError({"email": said(request, "records.taken")})
        obj.name, obj.email = data["name"], email
        obj.language = data["language"]
        if data.get("password"):
            service.set_password(session, obj, data["password"])
        try:
            if data.get("pin"):
                pins.set_pin(session, obj, data["pin"])
        except StaffError as error:
            raise _remark(request, error) from error
        if data.get("is_active"):
            obj.is_active = True
        else:
            service.disable_staff(session, obj)
        try:
            roles.check_someone_remains(session, who)
        except StaffError as error:
            raise _remark(request, error) from error
        return obj


def _remark(request: Request, error: StaffError) -> FormValidationError:
    """What is wrong, at its field, in the reader's language."""
    field, key = _PROBLEMS.get(type(error), ("name", "records.bad_setting"))
    return FormValidationError({field: said(request, key)})
