"""What a token may do. A token without a scope may do nothing; scopes do not contain one another."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Scope"]


class Scope(StrEnum):
    """One thing that a program may do, for its own organization only."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    ACCOUNTS_CREATE = "accounts:create"
    """Begin accounts: ask what an e-mail address means, and have activation and consent asked for by e-mail."""
    ACCOUNTS_MANAGE = "accounts:manage"
    """Archive accounts with everyone on them, bring them back, delete them."""
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
    PEOPLE_MANAGE = "people:manage"
    """Archive people, bring them back, delete them."""
    PICTURES_READ = "pictures:read"
    PICTURES_WRITE = "pictures:write"
    MEMBERSHIPS_READ = "memberships:read"
    MEMBERSHIPS_WRITE = "memberships:write"
    MULTIPASSES_READ = "multipasses:read"
    MULTIPASSES_WRITE = "multipasses:write"
    REGISTRATIONS_READ = "registrations:read"
    REGISTRATIONS_WRITE = "registrations:write"
    CARDS_READ = "cards:read"
    CARDS_WRITE = "cards:write"
    BALANCES_READ = "balances:read"
    BALANCES_WRITE = "balances:write"
    CATALOGUE_READ = "catalogue:read"
    """Activities with their occurrences, and the types of memberships and multipasses: nothing about anybody."""
    CHECKINS_READ = "checkins:read"
    ATTENDANCE_READ = "attendance:read"
    """Who is registered for what, came and left; with their names and those of who may pick up a child."""
    ATTENDANCE_WRITE = "attendance:write"
    ACCESS_POINTS_READ = "access_points:read"
    DEVICES_READ = "devices:read"
    IMPORTS_WRITE = "imports:write"
    """Bring files in: of every kind, pictures too."""
