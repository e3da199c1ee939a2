"""Roles of an organization's own, and who may give which role to whom.

Nobody gives what they do not have, nobody takes over an account that may do more, and somebody must remain who may
change staff and roles. A change acts at the next request of whoever has the role, and reaches the doors by the feed.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from access.domain.staff import DeskPermission
from server.models import Role, Staff, StaffRole
from server.staff import repository, second_factor
from server.staff.errors import BeyondOwn, LastAdmin, OwnAccount, RoleInUse, UnknownRole
from server.staff.permissions import (
    Permission,
    desk_permissions_of,
    desk_permissions_of_staff,
    permissions_of,
    permissions_of_staff,
)
from server.staff.service import SignedIn

__all__ = [
    "archive_role",
    "check_not_own",
    "check_reach",
    "check_someone_remains",
    "give_role",
    "reset_second_factor",
    "save_role",
]


def save_role(
    session: Session,
    who: SignedIn,
    role: Role | None,
    *,
    name: str,
    permissions: Collection[Permission],
    desk_permissions: Collection[DeskPermission],
) -> Role:
    """Makes a role, or changes one. Raises `UnknownRole` for an empty or taken name, `BeyondOwn`, `LastAdmin`."""
    name = name.strip()[:100]
    others = [each for each in repository.own_roles(session, who.organization_id) if each is not role]
    if not name or name.casefold() in {each.name.casefold() for each in others}:
        raise UnknownRole("a role needs a name of its own")
    if role is None:
        role = Role(organization_id=who.organization_id, name=name, permissions=[], desk_permissions=[])
        session.add(role)
    added = set(permissions) - set(role.permissions), set(desk_permissions) - set(role.desk_permissions)
    if not (added[0] <= who.permissions and added[1] <= who.desk_permissions):
        raise BeyondOwn("nobody gives what they may not do themselves")
    role.name = name
    if set(role.permissions) != set(permissions):
        role.permissions = sorted(permissions)
    if set(role.desk_permissions) != set(desk_permissions):
        role.desk_permissions = sorted(desk_permissions)
    session.flush()
    check_someone_remains(session, who)
    return role


def archive_role(session: Session, who: SignedIn, role: Role, *, now: datetime) -> None:
    """Takes a role away that nobody has. Raises `RoleInUse`."""
    if repository.holders(session, who.organization_id).get(role.id):
        raise RoleInUse("somebody has the role")
    role.archived_at = now


def give_role(session: Session, who: SignedIn, staff: Staff, wanted: str) -> None:
    """Gives a staff member one of our roles (`admin`), or one of the organization's own by its id.

    Raises `UnknownRole`, `BeyondOwn`. The caller flushes and then calls `check_someone_remains`.
    """
    if wanted == (staff.role_id or staff.role):
        return
    if wanted in list(StaffRole):
        may, may_at_desk = permissions_of(wanted), desk_permissions_of(wanted)
        staff.role, staff.role_id = StaffRole(wanted), None
    else:
        role = repository.own_role(session, who.organization_id, wanted)
        if role is None:
            raise UnknownRole("there is no such role")
        may = frozenset(each for each in Permission if each in role.permissions)
        may_at_desk = frozenset(each for each in DeskPermission if each in role.desk_permissions)
        # Of a role of their own our word says the least, for whoever reads the word alone.
        staff.role, staff.role_id = StaffRole.VIEWER, role.id
    if not (may <= who.permissions and may_at_desk <= who.desk_permissions):
        raise BeyondOwn("nobody gives what they may not do themselves")


def check_reach(who: SignedIn, staff: Staff) -> None:
    """Raises `BeyondOwn` when the account may do what `who` may not: a new password would hand that over."""
    is_within = permissions_of_staff(staff) <= who.permissions
    if not (is_within and desk_permissions_of_staff(staff) <= who.desk_permissions):
        raise BeyondOwn("this account may do more")


def check_not_own(who: SignedIn, staff: Staff) -> None:
    """Raises `OwnAccount`."""
    if staff.id == who.staff_id:
        raise OwnAccount("one's own is changed against the old one")


def check_someone_remains(session: Session, who: SignedIn) -> None:
    """Raises `LastAdmin` when nobody active may change staff any more, or when it is oneself who may not."""
    repository.locked_organization(session, who.organization_id)
    session.flush()
    able = {
        each.id
        for each in repository.staff_in(session, who.organization_id)
        if each.is_active and Permission.STAFF in permissions_of_staff(each)
    }
    if not able or (who.staff_id not in able and Permission.STAFF in who.permissions):
        raise LastAdmin("somebody must remain who may change staff")


def reset_second_factor(session: Session, who: SignedIn, staff: Staff) -> None:
    """Turns somebody's second factor off and ends their sessions, for who lost phone and recovery codes alike.

    Raises `BeyondOwn`, and `OwnAccount` for one's own: that takes a code, on the profile.
    """
    check_not_own(who, staff)
    check_reach(who, staff)
    second_factor.turn_off(staff)
    repository.delete_sessions(session, staff_id=staff.id)
