"""The base of every list and form: only rows of the reader's organization, only with the permission, no deletion.

Deleting follows the retention rules, so no view offers it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from markupsafe import escape
from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.exc import IntegrityError
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette_admin.contrib.sqla import ModelView
from starlette_admin.exceptions import FormValidationError
from starlette_admin.export.csv import CsvExporter
from starlette_admin.fields import (
    BaseField,
    DateField,
    DateTimeField,
    IntegerField,
    RelationField,
    StringField,
)
from starlette_admin.types import ListParams, RequestAction

from access.domain.people import Text
from server.admin.menu import RANK, Group
from server.admin.office import may, signed_in_staff
from server.admin.say import Say
from server.admin.settling import cents, plain_amount
from server.admin.texts import lazy_text, texts
from server.models import Person, utc_now
from server.staff.permissions import Permission
from server.staff.service import is_email

__all__ = [
    "Amount",
    "Instant",
    "OrganizationView",
    "ReadOnlyView",
    "SpreadsheetCsv",
    "WholeNumber",
    "day_field",
    "id_field",
    "label",
    "name_fields",
    "plausible_email",
    "said",
    "say_to",
]

_LAST_PAGE: Final = 1_000_000


class SpreadsheetCsv(CsvExporter):
    """CSV with a byte order mark and no live formulas."""

    def __init__(self) -> None:
        super().__init__(escape_formulas=True)

    async def generate(self, fields: list[BaseField], rows: list[dict[str, Any]]) -> bytes:
        """The file."""
        return b"\xef\xbb\xbf" + await super().generate(fields, rows)


def label(name: str) -> str:
    """The label of a field, in the reader's language."""
    return lazy_text(f"fields.{name}")


def said(request: Request, key: str) -> str:
    """A text in the reader's language."""
    return texts(signed_in_staff(request).language)(key)


@dataclass
class Name(StringField):
    """A name in one language. The other language stands in for one that is empty, or that the form does not send."""

    maxlength: int | None = 200

    async def parse_form_data(self, request: Request, form_data: FormData) -> Any:
        """The text without white space around it, empty where there is none."""
        return str(form_data.get(self.id) or "").strip()

    async def validate(self, request: Request, value: Any, form_values: dict[str, Any]) -> None:
        """Raises ValueError with a remark in the reader's language."""
        if self.maxlength is not None and len(value) > self.maxlength:
            raise ValueError(texts(signed_in_staff(request).language)("point_problem.too_long", most=self.maxlength))
        await super().validate(request, value, form_values)


@dataclass
class WholeNumber(IntegerField):
    """A whole number of zero or more. What is no number is refused, never taken for an empty field."""

    async def parse_form_data(self, request: Request, form_data: FormData) -> Any:
        """The number, None when empty, the text itself when it is neither."""
        text = str(form_data.get(self.id) or "").strip()
        return int(text) if text.isascii() and text.removeprefix("-").isdigit() and len(text) < 12 else text or None

    async def validate(self, request: Request, value: Any, form_values: dict[str, Any]) -> None:
        """Raises ValueError with a remark in the reader's language."""
        if isinstance(value, str):
            raise ValueError(said(request, "records.not_a_number"))
        if value is not None and value < 0:
            raise ValueError(said(request, "records.not_negative"))
        await super().validate(request, value, form_values)


@dataclass
class Instant(DateTimeField):
    """An instant as every page of ours says it; a file gets it exactly."""

    async def serialize_value(self, request: Request, value: Any) -> str:
        """The day and the time in the reader's words and the organization's zone."""
        if request.state.action is RequestAction.EXPORT or not isinstance(value, datetime):
            return str(await super().serialize_value(request, value))
        return say_to(request).when(value if value.tzinfo else value.replace(tzinfo=UTC))


@dataclass
class Amount(StringField):
    """An amount in the organization's currency, in hundredths, typed as people do. What is none is refused."""

    searchable: bool = False
    orderable: bool = False
    filters: Any = field(default_factory=list)

    async def parse_form_data(self, request: Request, form_data: FormData) -> Any:
        """Hundredths, None when empty, the text itself when it is no amount."""
        text = str(form_data.get(self.id) or "").strip()
        return None if not text else text if (found := cents(text)) is None else found

    async def validate(self, request: Request, value: Any, form_values: dict[str, Any]) -> None:
        """Raises ValueError with a remark in the reader's language."""
        if isinstance(value, str):
            raise ValueError(said(request, "settlement.problem_amount"))

    async def serialize_value(self, request: Request, value: Any) -> str:
        """As money; in a form the number alone."""
        say = say_to(request)
        return plain_amount(value, say) if request.state.action.is_form() else say.money(value)


def say_to(request: Request) -> Say:
    """How to speak to the reader, now."""
    staff = signed_in_staff(request)
    return Say(staff.language, staff.zone, utc_now(), staff.currency)


def plausible_email(request: Request, _field: BaseField, value: Any, _form: dict[str, Any]) -> None:
    """Raises ValueError for what cannot be an e-mail address."""
    if not is_email(str(value)):
        raise ValueError(said(request, "records.bad_email"))


def day_field(name: str, **more: Any) -> DateField:
    """A day, written in the form as both languages write it."""
    return DateField(name, label=label(name), form_alt_format="j F Y", **more)


def id_field() -> StringField:
    """The row's id: to be read on its own page, and nowhere else."""
    return StringField(
        "id",
        label=label("id"),
        read_only=True,
        exclude_from_list=True,
        exclude_from_create=True,
        exclude_from_edit=True,
    )


def name_fields() -> list[BaseField]:
    """The name in both languages."""
    return [
        Name("name_en", label=label("name_en"), required=True),
        Name("name_fr", label=label("name_fr")),
    ]


class OrganizationView(ModelView):
    """A view of rows that carry `organization_id`."""

    view_permission: Permission = Permission.VIEW_ACCOUNTS
    edit_permission: Permission = Permission.EDIT_ACCOUNTS
    is_created_here: bool = True
    search_columns: tuple[Any, ...] = ()
    search_by_person: str = ""
    """`account_id` or `person_id`: the column by which a name that is looked for leads to a row."""
    unique_field: str = ""
    add_to_menu: bool = True
    group: Group | None = None
    rank: int = RANK

    importers = ()
    column_visibility = False
    page_size = 25
    page_size_options = (25, 50, 100)

    def __init__(self, model: type[Any], *, key: str, menu: str, one: str, icon: str) -> None:
        self.exporters = [SpreadsheetCsv()]
        super().__init__(model, icon=icon, display_name=lazy_text(one), menu_label=lazy_text(menu), key=key)

    def is_accessible(self, request: Request) -> bool:
        """Whether the role grants the view's permission."""
        return may(request, self.view_permission)

    def can_edit(self, request: Request) -> bool:
        """Whether the role grants changing it."""
        return may(request, self.edit_permission)

    def can_create(self, request: Request) -> bool:
        """Whether the role grants it and this is a place to make new ones."""
        return self.is_created_here and self.can_edit(request)

    def can_delete(self, request: Request) -> bool:
        """Nobody: rows are ended, revoked or archived."""
        return False

    def can_export(self, request: Request) -> bool:
        """Whether the role grants taking many rows out at once."""
        return may(request, Permission.REPORTS)

    def can_import(self, request: Request) -> bool:
        """Nobody."""
        return False

    def _parse_list_params(self, request: Request, query_params: QueryParams | None = None) -> ListParams:
        """What the address asks for; no page that is further than a database counts."""
        found = super()._parse_list_params(request, query_params)
        return replace(found, page=min(found.page, _LAST_PAGE))

    def get_list_query(self, request: Request) -> Select[Any]:
        """The organization's rows; detail, edit, export and relations use it too."""
        return select(self.model).where(self.model.organization_id == signed_in_staff(request).organization_id)

    def get_count_query(self, request: Request) -> Select[Any]:
        """How many the organization has."""
        rows = select(func.count()).select_from(self.model)
        return rows.where(self.model.organization_id == signed_in_staff(request).organization_id)

    def get_search_query(self, request: Request, term: str) -> Any:
        """A search in the view's search columns."""
        columns = [column.icontains(term, autoescape=True) for column in self.search_columns]
        if self.search_by_person:
            wanted = Person.id if self.search_by_person == "person_id" else Person.account_id
            named = (Person.first_name + " " + Person.last_name).icontains(term, autoescape=True)
            people = select(wanted).where(Person.organization_id == signed_in_staff(request).organization_id, named)
            columns.append(getattr(self.model, self.search_by_person).in_(people))
        return or_(*columns) if columns else false()

    async def validate(self, request: Request, data: dict[str, Any]) -> None:
        """Refuses a relation to a row that is not there, or is another organization's."""
        errors: dict[str | int, Any] = {}
        for each in self.get_fields_list(request):
            if isinstance(each, RelationField) and each.required and not data.get(each.name):
                errors[each.name] = said(request, "records.choose")
        if errors:
            raise FormValidationError(errors)

    async def before_create(self, request: Request, data: dict[str, Any], obj: Any) -> None:
        """A new row belongs to the organization of whoever makes it."""
        obj.organization_id = signed_in_staff(request).organization_id

    async def handle_exception(self, request: Request, exc: Exception) -> None:
        """A value that must be unique and is not becomes a remark on its field."""
        if isinstance(exc, IntegrityError) and self.unique_field:
            raise FormValidationError({self.unique_field: said(request, "records.taken")}) from exc
        raise exc

    def named(self, obj: Any, request: Request) -> str:
        """How a row is called, in the reader's language."""
        name = getattr(obj, "name", None)
        if isinstance(name, Text):
            return str(name.in_language(signed_in_staff(request).language))
        return str(name or getattr(obj, "full_name", "") or obj.id)

    async def repr(self, obj: Any, request: Request) -> str:
        """How a row is called."""
        return self.named(obj, request)

    async def select2_result(self, obj: Any, request: Request) -> str:
        """The same, as the HTML that choosers want."""
        return f"<span>{escape(self.named(obj, request))}</span>"


class ReadOnlyView(OrganizationView):
    """Rows that are changed elsewhere."""

    is_created_here = False

    def can_edit(self, request: Request) -> bool:
        """Nobody."""
        return False
