"""What a token may do. A token without a scope may do nothing; scopes do not contain one another."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Scope"]


class Scope(StrEnum):
    """One thing that a program may do, for its own organization only."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    PEOPLE_READ = "people:read"
    PEOPLE_WRITE = "people:write"
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
    CHECKINS_READ = "checkins:read"
    ACCESS_POINTS_READ = "access_points:read"
    DEVICES_READ = "devices:read"
    IMPORTS_WRITE = "imports:write"
    """Bring files in: of every kind, pictures too."""
