"""Who may do what in the back office and at a desk: named permissions, and the roles that grant them. Data only.

What is not listed is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from access.domain.staff import DeskPermission
from server.models.staff import StaffRole

__all__ = ["DESK_ROLES", "ROLES", "Permission", "desk_permissions_of", "permissions_of"]


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
