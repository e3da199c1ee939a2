"""Which entities of the feed a changed row touches: itself, its parent, or all that carry its name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any, NamedTuple

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE

from access.wire.feed import EntityKind
from server.models.activities import Activity, Occurrence, Registration
from server.models.devices import Device
from server.models.organizations import AccessPoint, Facility, Organization
from server.models.passes import (
    Membership,
    MembershipPause,
    MembershipPerson,
    MembershipType,
    Multipass,
    MultipassType,
    PassUse,
)
from server.models.people import Account, AllowedAdult, Credential, Memo, Person
from server.models.staff import Role, Staff

__all__ = ["Key", "is_projected", "touched_keys"]


class Key(NamedTuple):
    """An entity of the feed. The organization is None when only a child row of it changed; `left_site` is a site that
    it no longer concerns."""

    kind: EntityKind
    id: str
    organization_id: str | None = None
    left_site: str | None = None


_OWN: dict[type[Any], tuple[EntityKind, str]] = {
    Organization: (EntityKind.ORGANIZATION, "id"),
    AccessPoint: (EntityKind.ACCESS_POINT, "id"),
    Account: (EntityKind.ACCOUNT, "id"),
    Person: (EntityKind.PERSON, "id"),
    Credential: (EntityKind.CREDENTIAL, "fingerprint"),
    Membership: (EntityKind.MEMBERSHIP, "id"),
    Multipass: (EntityKind.MULTIPASS, "id"),
    PassUse: (EntityKind.PASS_USE, "id"),
    Activity: (EntityKind.ACTIVITY, "id"),
    Registration: (EntityKind.REGISTRATION, "id"),
    Facility: (EntityKind.FACILITY, "id"),
    Staff: (EntityKind.STAFF, "id"),
    AllowedAdult: (EntityKind.ALLOWED_ADULT, "id"),
}
_CHILD_OF: dict[type[Any], tuple[EntityKind, str]] = {
    Memo: (EntityKind.PERSON, "person_id"),
    MembershipPerson: (EntityKind.MEMBERSHIP, "membership_id"),
    MembershipPause: (EntityKind.MEMBERSHIP, "membership_id"),
    Occurrence: (EntityKind.ACTIVITY, "activity_id"),
}
_NAMING = (MembershipType, MultipassType)
_PARTLY = (Device, Role)


def is_projected(thing: object) -> bool:
    """Whether a change of this row (or of this class's rows) can change what a door knows."""
    class_ = thing if isinstance(thing, type) else type(thing)
    return class_ in _OWN or class_ in _CHILD_OF or class_ in _NAMING or class_ in _PARTLY


def touched_keys(session: Session, obj: object) -> Iterator[Key]:
    """The entities that a new, changed or deleted row touches, by its old values and by its new ones."""
    if type(obj) in _OWN:
        kind, column = _OWN[type(obj)]
        organization_id = obj.id if isinstance(obj, Organization) else obj.organization_id  # type: ignore[attr-defined]
        yield from (Key(kind, id_, organization_id) for id_ in _values(obj, column))
    elif type(obj) in _CHILD_OF:
        kind, column = _CHILD_OF[type(obj)]
        yield from (Key(kind, id_) for id_ in _values(obj, column))
    yield from _dependents(obj, session)


@singledispatch
def _dependents(_obj: object, _session: Session) -> Iterator[Key]:
    yield from ()


@_dependents.register
def _(obj: Person, session: Session) -> Iterator[Key]:
    # A credential names its holder's account, so that a scan reads everything at once.
    has_left = _is_changed(obj, "archived_at") or _is_changed(obj, "merged_into")
    if has_left or _is_changed(obj, "account_id"):
        held = select(Credential.fingerprint).where(Credential.person_id == obj.id)
        yield from (Key(EntityKind.CREDENTIAL, each, obj.organization_id) for each in session.scalars(held))
    if has_left:
        adults = select(AllowedAdult.id).where(AllowedAdult.child_id == obj.id)
        yield from (Key(EntityKind.ALLOWED_ADULT, each, obj.organization_id) for each in session.scalars(adults))


@_dependents.register
def _(obj: AccessPoint, _session: Session) -> Iterator[Key]:
    for site_id in inspect(obj).attrs["site_id"].history.deleted or ():
        if site_id is not None:
            yield Key(EntityKind.ACCESS_POINT, obj.id, obj.organization_id, site_id)


@_dependents.register
def _(obj: Device, session: Session) -> Iterator[Key]:
    # What a device says of itself changes all the time; its neighbours need to know where it is and whether it serves.
    told = ("revoked_at", "site_id", "access_points")
    if obj in session.new or obj in session.deleted or any(_is_changed(obj, column) for column in told):
        left = [each for each in inspect(obj).attrs["site_id"].history.deleted or () if each is not None]
        yield Key(EntityKind.DOOR, obj.id, obj.organization_id, *left[:1])


@_dependents.register
def _(obj: Role, session: Session) -> Iterator[Key]:
    if _is_changed(obj, "desk_permissions") or _is_changed(obj, "archived_at"):
        held = select(Staff.id).where(Staff.role_id == obj.id)
        yield from (Key(EntityKind.STAFF, each, obj.organization_id) for each in session.scalars(held))


@_dependents.register
def _(obj: MembershipType, session: Session) -> Iterator[Key]:
    if _is_changed(obj, "name_en") or _is_changed(obj, "name_fr"):
        sold = select(Membership.id).where(Membership.type_id == obj.id)
        yield from (Key(EntityKind.MEMBERSHIP, each, obj.organization_id) for each in session.scalars(sold))


@_dependents.register
def _(obj: MultipassType, session: Session) -> Iterator[Key]:
    if _is_changed(obj, "name_en") or _is_changed(obj, "name_fr"):
        sold = select(Multipass.id).where(Multipass.type_id == obj.id)
        yield from (Key(EntityKind.MULTIPASS, each, obj.organization_id) for each in session.scalars(sold))


@_dependents.register
def _(obj: Staff, session: Session) -> Iterator[Key]:
    if _is_changed(obj, "name") or obj in session.deleted:
        verified = (Person.organization_id == obj.organization_id, Person.access_picture_verified_by == obj.id)
        people = session.scalars(select(Person.id).where(*verified))
        yield from (Key(EntityKind.PERSON, each, obj.organization_id) for each in people)


def _values(obj: object, column: str) -> list[str]:
    history = get_history(obj, column, PASSIVE_NO_INITIALIZE)
    return [value for value in {*history.unchanged, *history.added, *history.deleted} if value is not None]


def _is_changed(obj: object, column: str) -> bool:
    state = inspect(obj)
    return bool(state.persistent and state.attrs[column].history.has_changes())
