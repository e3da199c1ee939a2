"""Who may do what in the back office and at a desk: named permissions, and the roles that grant them. Data only.

What is not listed is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from access.domain.staff import DeskPermission
from server.models.staff import Staff, StaffRole

__all__ = [
    "ADMINISTERING",
    "DESK_ROLES",
    "ROLES",
    "Permission",
    "desk_permissions_of",
    "desk_permissions_of_staff",
    "permissions_of",
    "permissions_of_staff",
]


class Permission(StrEnum):
    """One thing that a staff member may do in the back office."""

    VIEW_ACCOUNTS = "view_accounts"
    EDIT_ACCOUNTS = "edit_accounts"
    MANAGE_ACCOUNTS = "manage_accounts"
    """Merge, archive and delete."""
    ACCESS_PICTURES = "access_pictures"
    CARDS = "cards"
    BILLING = "billing"
    ATTENDANCE = "attendance"
    ACTIVITIES = "activities"
    """Make activities and say when they take place; registering people is editing their account."""
    REPORTS = "reports"
    ACCESS_POINTS = "access_points"
    DEVICES = "devices"
    STAFF = "staff"
    AUDIT = "audit"
    PRIVACY = "privacy"
    """Export and erase a person's data, and how long things are kept."""
    IMPORT = "import"
    INTEGRATIONS = "integrations"
    """API tokens and webhooks."""
    ORGANIZATION = "organization"
    """Tags, questions, skills, card templates, currency and the like."""


ADMINISTERING: Final = frozenset(
    {Permission.STAFF, Permission.DEVICES, Permission.PRIVACY, Permission.INTEGRATIONS, Permission.ORGANIZATION}
)
"""Whoever has one of these is an admin where a second factor is required of admins."""

ROLES: Final[Mapping[str, frozenset[Permission]]] = MappingProxyType(
    {
        StaffRole.ADMIN: frozenset(Permission),
        StaffRole.DESK: frozenset(
            {
                Permission.VIEW_ACCOUNTS,
                Permission.EDIT_ACCOUNTS,
                Permission.ACCESS_PICTURES,
                Permission.CARDS,
                Permission.BILLING,
                Permission.ATTENDANCE,
            }
        ),
        StaffRole.VIEWER: frozenset({Permission.VIEW_ACCOUNTS}),
    }
)


DESK_ROLES: Final[Mapping[str, frozenset[DeskPermission]]] = MappingProxyType(
    {
        StaffRole.ADMIN: frozenset(DeskPermission),
        StaffRole.DESK: frozenset(DeskPermission) - {DeskPermission.OVERRIDE_BLOCK},
        StaffRole.VIEWER: frozenset({DeskPermission.LOOK_UP, DeskPermission.INSIDE}),
    }
)


def permissions_of(role: str) -> frozenset[Permission]:
    """What a role grants; an unknown role grants nothing."""
    return ROLES.get(role, frozenset())


def desk_permissions_of(role: str) -> frozenset[DeskPermission]:
    """What a role grants at the desk of a door; an unknown role grants nothing."""
    return DESK_ROLES.get(role, frozenset())


def permissions_of_staff(staff: Staff) -> frozenset[Permission]:
    """What a staff member's role grants: one of ours, or one of the organization's own."""
    if staff.role_id is None:
        return permissions_of(staff.role)
    known = {each.value: each for each in Permission}
    return frozenset(known[each] for each in _own_words(staff, "permissions") if each in known)


def desk_permissions_of_staff(staff: Staff) -> frozenset[DeskPermission]:
    """The same at the desk of a door."""
    if staff.role_id is None:
        return desk_permissions_of(staff.role)
    known = {each.value: each for each in DeskPermission}
    return frozenset(known[each] for each in _own_words(staff, "desk_permissions") if each in known)


def _own_words(staff: Staff, column: str) -> list[str]:
    """A role that is gone, archived or of another organization grants nothing."""
    role = staff.own_role
    if role is None or role.archived_at is not None or role.organization_id != staff.organization_id:
        return []
    words: list[str] = getattr(role, column)
    return words
