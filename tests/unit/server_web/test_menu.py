"""The menu's groups: named by a view, else by its permission; a page that says nothing is still in one."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette_admin.views import CustomView

from server.admin.menu import Entry, Group, Section, group_of, menu
from server.staff.permissions import Permission


class Page(CustomView):
    """A page as a helper might add it."""

    add_to_menu = False
    permission: Permission | None = None
    group: Group | None = None


@pytest.mark.parametrize("permission", [*Permission, None])
def test_every_permission_has_a_group(permission: Permission | None) -> None:
    """Whatever is added is somewhere; what belongs to no other work is the organization's."""
    page = Page()
    page.permission = permission
    assert group_of(page) in set(Group) - {Group.TODAY}
    page.group = Group.PASSES
    assert group_of(page) is Group.PASSES


def test_what_is_not_for_the_menu_is_not_in_it() -> None:
    """Nor is a heading without entries."""
    assert menu(Request({"type": "http", "path": "/", "headers": []}), [Page()]) == []


def test_one_entry_needs_no_heading() -> None:
    """A group to open holds at least two."""
    entry = Entry(label="Clients", icon="", href="/admin/accounts", is_current=False)
    current = Entry(label="Staff", icon="", href="/admin/staff/list", is_current=True)
    assert Section(Group.CLIENTS, [entry]).is_plain
    assert not Section(Group.CLIENTS, [entry, current]).is_plain
    assert not Section(Group.ORGANIZATION, [entry, entry]).is_open
    assert Section(Group.ORGANIZATION, [entry, current]).is_open
