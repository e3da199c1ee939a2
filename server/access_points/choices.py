"""What an access point's settings may name: the organization's facilities, pass types and activities.

What a saved setting names stays a choice, even when it was archived or is not known (any more): nothing is dropped
from a door's rules because a page could not show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from access.domain.names import without_accents
from access.domain.people import Text
from access.domain.policy import AccessPoint, AccessType
from server.models import Activity, Facility, MembershipType, MultipassType, Occurrence, Site

__all__ = ["Choice", "Choices", "choices_of"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A thing to choose by its name. `is_gone`: archived, over, or not known (any more)."""

    id: str
    name: Text
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything that one organization's settings may name."""

    sites: tuple[Choice, ...] = ()
    facilities: tuple[Choice, ...] = ()
    things: Mapping[AccessType, tuple[Choice, ...]] = field(default_factory=dict)

    def of(self, type_: str, language: str) -> list[Choice]:
        """What can be chosen of an access type, by its name in the language; what is gone comes last."""
        found = self.things.get(AccessType(type_), ()) if type_ in set(AccessType) else ()
        return sorted(found, key=lambda each: (each.is_gone, without_accents(each.name.in_language(language)), each.id))

    def has_all(self, type_: AccessType, ids: Iterable[str]) -> bool:
        """Whether each of these may be chosen."""
        return set(ids) <= {each.id for each in self.things.get(type_, ())}

    def for_point(self, point: AccessPoint) -> Choices:
        """The choices on the page of this access point: what is in use, and what its settings name already."""
        wanted = {
            type_: [id_ for rule in point.access_rules if rule.type is type_ for id_ in rule.chosen]
            for type_ in AccessType
        }
        things = {type_: _kept(self.things.get(type_, ()), ids) for type_, ids in wanted.items()}
        facilities = _kept(self.facilities, [point.facility_id] if point.facility_id else [])
        return replace(self, things=things, facilities=facilities)


def _kept(choices: Iterable[Choice], named: list[str]) -> tuple[Choice, ...]:
    """Those in use and those that are named, the unknown ones last, by their id."""
    listed = list(choices)
    known = {each.id for each in listed}
    unknown = [Choice(id_, Text(id_), is_gone=True) for id_ in dict.fromkeys(named) if id_ not in known]
    return (*(each for each in listed if not each.is_gone or each.id in named), *unknown)


def choices_of(session: Session, organization_id: str, *, now: datetime) -> Choices:
    """The choices of an organization, by name. An activity is over when its last occurrence has ended."""
    things = {
        AccessType.MEMBERSHIP: _types(session, MembershipType, organization_id),
        AccessType.MULTIPASS: _types(session, MultipassType, organization_id),
        **_activities(session, organization_id, now),
    }
    sites = session.scalars(select(Site).where(Site.organization_id == organization_id))
    facilities = session.scalars(select(Facility).where(Facility.organization_id == organization_id))
    return Choices(
        sites=_by_name(Choice(each.id, each.name) for each in sites),
        facilities=_by_name(Choice(each.id, each.name) for each in facilities),
        things=things,
    )


def _types(
    session: Session, model: type[MembershipType] | type[MultipassType], organization_id: str
) -> tuple[Choice, ...]:
    columns = select(model.id, model.name_en, model.name_fr, model.archived_at)
    rows = session.execute(columns.where(model.organization_id == organization_id)).all()
    return _by_name(
        Choice(id_, Text(english, french), is_gone=archived_at is not None)
        for id_, english, french, archived_at in rows
    )


def _activities(session: Session, organization_id: str, now: datetime) -> dict[AccessType, tuple[Choice, ...]]:
    to_come = Activity.occurrences.any(Occurrence.ends_at > now)
    is_open = and_(Activity.archived_at.is_(None), or_(to_come, ~Activity.occurrences.any()))
    rows = session.execute(select(Activity, is_open).where(Activity.organization_id == organization_id)).all()
    found: dict[AccessType, list[Choice]] = {}
    for activity, is_in_use in rows:
        choice = Choice(activity.id, activity.name, is_gone=not is_in_use)
        found.setdefault(AccessType(activity.kind.value), []).append(choice)
    return {type_: _by_name(each) for type_, each in found.items()}


def _by_name(choices: Iterable[Choice]) -> tuple[Choice, ...]:
    return tuple(sorted(choices, key=lambda each: (without_accents(each.name.en), each.id)))
