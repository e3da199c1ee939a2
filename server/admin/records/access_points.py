"""Access points: the rules that an admin can read and change, in the groups of DOMAIN.

The form's fields are named by their path in the domain's policy (`capacity__limit`), so that adding a rule to the
form is adding one line. A connected door has the change within a second, by the feed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette_admin.actions import row_action
from starlette_admin.exceptions import FormValidationError
from starlette_admin.fields import BaseField, BooleanField, EnumField, HasOne
from starlette_admin.flash import flash
from starlette_admin.widgets import PanelWidget, normalize_widget

from access.domain.policy import AccessType, AntiPassbackMode, Direction, Mode, NameShown
from server.admin.records.base import OrganizationView, WholeNumber, id_field, label, name_fields, said
from server.admin.texts import lazy_text
from server.models import AccessPoint, Site, utc_now
from server.staff.permissions import Permission

__all__ = ["AccessPointView", "SiteView", "changed_settings"]

_TYPES = "access_types"


def _words(path: str, words: type[StrEnum], group: str, **more: Any) -> BaseField:
    choices = [(each.value, lazy_text(f"{group}.{each.value}")) for each in words]
    return EnumField(path, label=label(path), choices=choices, required=True, **_setting(path), **more)


def _number(path: str, *, is_required: bool = True, help_key: str | None = None) -> BaseField:
    help_text = lazy_text(f"help.{help_key}") if help_key else None
    return WholeNumber(path, label=label(path), required=is_required, help_text=help_text, min=0, **_setting(path))


def _switch(path: str) -> BaseField:
    return BooleanField(path, label=label(path), **_setting(path))


def _setting(path: str) -> dict[str, Any]:
    return {
        "getter": lambda _request, point: _read(point, path),
        "default": lambda: _read(AccessPoint(id="new", name_en="new", name_fr="", settings={}, site_id=""), path),
        "exclude_from_list": path != "direction",
        "exclude_from_export": path != "direction",
        "searchable": False,
        "orderable": False,
        "filters": [],
    }


def _read(point: AccessPoint, path: str) -> Any:
    value: Any = point.policy()
    if path == _TYPES:
        return [str(rule.type) for rule in value.access_rules]
    for step in path.split("__"):
        value = getattr(value, step)
    return value.value if isinstance(value, StrEnum) else value


_GENERAL = (_words("direction", Direction, "direction"), _number("pulse_ms"))
_POINT = (
    _words("balance__mode", Mode, "mode"),
    _number("balance__threshold_cents"),
    _number("balance__age_days"),
    _number("duplicate_window_s"),
    _number("capacity__limit", is_required=False, help_key="no_limit"),
    _number("capacity__warning_at", is_required=False),
    _words("capacity__mode", Mode, "mode"),
    _words("anti_passback__mode", AntiPassbackMode, "anti_passback"),
    _number("anti_passback__period_s", help_key="never_again"),
    _words("missing_picture", Mode, "mode"),
    _number("offline__max_cache_age_s"),
    _words("offline__stale", Mode, "mode"),
    _words("offline__untrusted_clock", Mode, "mode"),
)
_KIOSK = (_words("kiosk__name", NameShown, "name_shown"), _switch("kiosk__has_picture"), _switch("kiosk__has_sound"))
_ATTENDANCE = (
    _switch("attendance__is_on"),
    _switch("attendance__has_check_out"),
    _switch("attendance__has_child_pick_up"),
    _switch("attendance__has_daily_notes"),
)
_ACCESS = (
    EnumField(
        _TYPES,
        label=label(_TYPES),
        multiple=True,
        choices=[(each.value, lazy_text(f"access_type.{each.value}")) for each in AccessType],
        **_setting(_TYPES),
    ),
    _switch("is_choice_offered"),
)
_SETTINGS = (*_GENERAL, *_POINT, *_KIOSK, *_ATTENDANCE, *_ACCESS)


def changed_settings(before: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """The settings document with the form's values in it; what the form does not know stays as it was.

    Only values that differ from the defaults are kept. Raises pydantic's ValidationError.
    """
    document = copy.deepcopy(before)
    for field in _SETTINGS:
        if field.name == _TYPES:
            document["access_rules"] = _rules(before, form.get(_TYPES) or [])
        else:
            _put(document, field.name.split("__"), form.get(field.name))
    probe = AccessPoint(id="check", name_en="check", name_fr="", site_id="", settings=document)
    return AccessPoint.settings_of(probe.policy())


def _rules(before: dict[str, Any], types: list[str]) -> list[dict[str, Any]]:
    kept = {rule["type"]: rule for rule in before.get("access_rules", ()) if rule["type"] in types}
    return [kept.get(each, {"type": each}) for each in types]


def _put(document: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        document = document.setdefault(step, {})
    document[path[-1]] = value


def _panel(name: str, *rows: str | tuple[str, ...]) -> PanelWidget:
    return PanelWidget(title=lazy_text(f"panel.{name}"), children=[normalize_widget(row) for row in rows])


def _names(fields: Iterable[BaseField]) -> tuple[str, ...]:
    return tuple(field.name for field in fields)


class SiteView(OrganizationView):
    """Places with doors that hear each other."""

    fields = (id_field(), *name_fields())
    search_columns = (Site.name_en, Site.name_fr)
    view_permission = edit_permission = Permission.ACCESS_POINTS
    add_to_menu = False

    def __init__(self) -> None:
        super().__init__(Site, key="site", menu="nav.sites", one="one.site", icon="fa-solid fa-location-dot")


class AccessPointView(OrganizationView):
    """The list and the form; archiving instead of deleting."""

    fields = (
        id_field(),
        *name_fields(),
        HasOne("site", key="site", label=label("site"), required=True),
        *_SETTINGS,
    )
    form_layout = (
        _panel("general", ("name_en", "name_fr"), "site", _names(_GENERAL)),
        _panel(
            "access_point",
            ("balance__mode", "balance__threshold_cents", "balance__age_days"),
            ("capacity__mode", "capacity__limit", "capacity__warning_at"),
            ("anti_passback__mode", "anti_passback__period_s"),
            ("duplicate_window_s", "missing_picture"),
            ("offline__max_cache_age_s", "offline__stale", "offline__untrusted_clock"),
            _names(_KIOSK),
        ),
        _panel("attendance", *_names(_ATTENDANCE)),
        _panel("access_types", *_names(_ACCESS)),
    )
    search_columns = (AccessPoint.name_en, AccessPoint.name_fr)
    sortable_fields = ("name_en", "name_fr")
    fields_default_sort = ("name_en",)
    view_permission = edit_permission = Permission.ACCESS_POINTS

    def __init__(self) -> None:
        super().__init__(
            AccessPoint,
            key="access-point",
            menu="nav.access_points",
            one="one.access_point",
            icon="fa-solid fa-torii-gate",
        )

    def get_list_query(self, request: Request) -> Any:
        """Those in use."""
        return super().get_list_query(request).where(AccessPoint.archived_at.is_(None))

    def get_count_query(self, request: Request) -> Any:
        """How many are in use."""
        return super().get_count_query(request).where(AccessPoint.archived_at.is_(None))

    async def validate(self, request: Request, data: dict[str, Any]) -> None:
        """The settings must be ones that a door can follow."""
        await super().validate(request, data)
        if data.get("attendance__has_child_pick_up") and not data.get("attendance__has_check_out"):
            raise FormValidationError(
                {"attendance__has_child_pick_up": said(request, "records.pick_up_needs_check_out")}
            )
        if not data.get(_TYPES):
            raise FormValidationError({_TYPES: said(request, "records.choose")})

    async def _populate_obj(self, request: Request, obj: Any, data: dict[str, Any], is_edit: bool = False) -> Any:
        try:
            settings = changed_settings(obj.settings or {}, data)
        except ValidationError as error:
            where = "__".join(str(part) for part in error.errors()[0]["loc"])
            field = where if where in data else "name_en"
            raise FormValidationError({field: said(request, "records.bad_setting")}) from error
        obj.name_en, obj.name_fr = data["name_en"], data.get("name_fr") or ""
        obj.site, obj.settings = data["site"], settings
        return obj

    def _refresh_attr_names(self, request: Request) -> list[str]:
        return ["name_en", "name_fr", "site_id", "settings"]

    async def is_row_action_allowed(self, request: Request, name: str) -> bool:
        """Archiving is editing."""
        return self.can_edit(request) if name == "archive" else await super().is_row_action_allowed(request, name)

    @row_action(
        name="archive",
        text=lazy_text("records.archive"),
        confirmation=lazy_text("records.archive_confirm"),
        icon_class="fa-solid fa-box-archive",
        submit_btn_text=lazy_text("records.archive"),
        submit_btn_class="action.modal_confirm_button_delete",
        action_btn_class="action.row_item_delete",
    )
    async def archive(self, request: Request, pk: Any) -> None:
        """Ends an access point; its history stays."""
        point = await self.find_by_pk(request, pk)
        if point is not None:
            point.archived_at = utc_now()
            flash(request, said(request, "records.archived"), "success")
