"""The menu: what one may see, in the groups of the work it belongs to.

A view may name its `group` and its `rank` in it; without a group it stands where its permission belongs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.requests import Request
from starlette_admin.views import BaseModelView, BaseView, CustomView

from server.staff.permissions import Permission

__all__ = ["RANK", "Entry", "Group", "Section", "group_of", "menu"]

RANK: Final = 50
"""Where in its group a view stands that does not say so: after the lower ones, in the order they were added."""


class Group(StrEnum):
    """What pages are for. The order of the menu."""

    TODAY = "today"
    CLIENTS = "clients"
    ACCESS = "access"
    PASSES = "passes"
    ORGANIZATION = "organization"


_BELONGS: Final = {
    Permission.VIEW_ACCOUNTS: Group.CLIENTS,
    Permission.EDIT_ACCOUNTS: Group.CLIENTS,
    Permission.MANAGE_ACCOUNTS: Group.CLIENTS,
    Permission.ACCESS_PICTURES: Group.CLIENTS,
    Permission.BILLING: Group.CLIENTS,
    Permission.CARDS: Group.PASSES,
    Permission.ACTIVITIES: Group.CLIENTS,
    Permission.ATTENDANCE: Group.ACCESS,
    Permission.REPORTS: Group.ACCESS,
    Permission.ACCESS_POINTS: Group.ACCESS,
    Permission.DEVICES: Group.ACCESS,
}
_FOLDED: Final = (Group.PASSES, Group.ORGANIZATION)
"""Not for every day: closed until they hold the current page."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu."""

    label: str
    icon: str
    href: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A group with what the reader may see of it, at least one entry."""

    group: Group
    entries: Sequence[Entry]

    @property
    def is_plain(self) -> bool:
        """Whether its entries stand by themselves, without a heading to open."""
        return self.group is Group.TODAY or len(self.entries) == 1

    @property
    def is_open(self) -> bool:
        """Whether its entries show before anybody opens it."""
        return self.group not in _FOLDED or any(each.is_current for each in self.entries)


def menu(request: Request, views: Iterable[BaseView]) -> list[Section]:
    """What the reader of the request may see."""
    shown = sorted((view for view in views if _is_shown(view, request)), key=lambda view: getattr(view, "rank", RANK))
    of_group = {group: [_entry(view, request) for view in shown if group_of(view) is group] for group in Group}
    return [Section(group, entries) for group, entries in of_group.items() if entries]


def group_of(view: BaseView) -> Group:
    """The group that a view names, else its permission's."""
    named: Group | None = getattr(view, "group", None)
    permission = getattr(view, "permission", None) or getattr(view, "view_permission", None)
    return named or _BELONGS.get(permission, Group.ORGANIZATION)  # type: ignore[arg-type]


def _is_shown(view: BaseView, request: Request) -> bool:
    return bool(getattr(view, "add_to_menu", False)) and view.is_accessible(request)


def _entry(view: BaseView, request: Request) -> Entry:
    if isinstance(view, BaseModelView):
        url = request.url_for("admin:list", key=view.key)
    else:
        url = request.url_for("admin", path=view.path if isinstance(view, CustomView) else "/")
    return Entry(
        label=str(view.menu_label or ""), icon=view.icon or "", href=url.path, is_current=view.is_active(request)
    )
