"""Every query about activities. All are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from access.domain.people import Text
from access.domain.registrations import ActivityKind, RegistrationStatus
from server.errors import NotFound
from server.models import Activity, Facility, Occurrence, Person, Registration

__all__ = [
    "ListedActivity",
    "activity_of",
    "code_owner",
    "coming",
    "counts_of",
    "facilities",
    "has_registrations",
    "listed",
    "locked_activity",
    "occurrence_of",
    "occurrences_between",
    "occurrences_of",
    "people_of",
    "registration_of",
    "registrations_of",
    "spans_of",
    "standing_of",
]

_STANDING = Registration.status != RegistrationStatus.CANCELLED
_IS_HERE = Person.archived_at.is_(None)
"""Whoever is archived keeps their registration and has no place by it, until they are brought back."""


@dataclass(frozen=True, slots=True)
class ListedActivity:
    """What the list needs to search and sort by."""

    id: str
    code: str | None
    kind: ActivityKind
    name_en: str
    name_fr: str
    facility_id: str | None
    capacity: int | None
    archived_at: datetime | None

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_en, self.name_fr)


def listed(
    session: Session,
    organization_id: str,
    *,
    kind: ActivityKind | None = None,
    archived: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[ListedActivity]:
    """The organization's activities. `archived` "only", "all" or neither; with a span those that meet in it."""
    columns = (
        Activity.id,
        Activity.code,
        Activity.kind,
        Activity.name_en,
        Activity.name_fr,
        Activity.facility_id,
        Activity.capacity,
        Activity.archived_at,
    )
    where: list[ColumnElement[bool]] = [Activity.organization_id == organization_id]
    if archived != "all":
        where.append(Activity.archived_at.is_not(None) if archived == "only" else Activity.archived_at.is_(None))
    if kind is not None:
        where.append(Activity.kind == kind)
    if since is not None or until is not None:
        meets: list[ColumnElement[bool]] = [Occurrence.is_cancelled.is_(False)]
        meets += [Occurrence.ends_at > since] if since is not None else []
        meets += [Occurrence.starts_at < until] if until is not None else []
        where.append(Activity.id.in_(select(Occurrence.activity_id).where(*meets)))
    return [ListedActivity(*row) for row in session.execute(select(*columns).where(*where))]


def activity_of(session: Session, organization_id: str, activity_id: str) -> Activity:
    """An activity of the organization. Raises NotFound."""
    wanted = select(Activity).where(Activity.id == activity_id, Activity.organization_id == organization_id)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("there is no such activity here")
    return found


def locked_activity(session: Session, organization_id: str, activity_id: str) -> Activity | None:
    """The activity as it is now. Whoever else would register or change it waits until the commit.

    Who only refers to it, as an import does, waits for nobody.
    """
    wanted = select(Activity).where(Activity.id == activity_id, Activity.organization_id == organization_id)
    held = wanted.with_for_update(key_share=True).execution_options(populate_existing=True)
    return session.scalars(held).one_or_none()


def code_owner(session: Session, organization_id: str, code: str) -> str | None:
    """The activity that has this code."""
    return session.scalars(
        select(Activity.id).where(Activity.organization_id == organization_id, Activity.code == code)
    ).one_or_none()


def facilities(session: Session, organization_id: str) -> Sequence[Facility]:
    """Where things take place."""
    wanted = select(Facility).where(Facility.organization_id == organization_id)
    return session.scalars(wanted.order_by(Facility.name_en, Facility.id)).all()


# -- occurrences


def occurrence_of(session: Session, activity_id: str, occurrence_id: str) -> Occurrence:
    """An occurrence of the activity. Raises NotFound."""
    wanted = select(Occurrence).where(Occurrence.id == occurrence_id, Occurrence.activity_id == activity_id)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound("there is no such occurrence of this activity")
    return found


def occurrences_of(session: Session, activity_id: str, ids: Collection[str]) -> Sequence[Occurrence]:
    """Those of the activity's occurrences, by when they start."""
    wanted = select(Occurrence).where(Occurrence.activity_id == activity_id, Occurrence.id.in_(ids))
    return session.scalars(wanted.order_by(Occurrence.starts_at, Occurrence.id)).all()


def coming(session: Session, activity_id: str, now: datetime) -> Sequence[Occurrence]:
    """What of it takes place and has not ended, by when it starts."""
    wanted = select(Occurrence).where(
        Occurrence.activity_id == activity_id, Occurrence.is_cancelled.is_(False), Occurrence.ends_at > now
    )
    return session.scalars(wanted.order_by(Occurrence.starts_at, Occurrence.id)).all()


def occurrences_between(
    session: Session, activity_id: str, *, now: datetime, is_past: bool, offset: int, limit: int
) -> Sequence[Occurrence]:
    """Cancelled ones too: what has ended, newest first, or what has not, next first."""
    wanted = select(Occurrence).where(Occurrence.activity_id == activity_id)
    if is_past:
        wanted = wanted.where(Occurrence.ends_at <= now).order_by(Occurrence.starts_at.desc(), Occurrence.id.desc())
    else:
        wanted = wanted.where(Occurrence.ends_at > now).order_by(Occurrence.starts_at, Occurrence.id)
    return session.scalars(wanted.offset(offset).limit(limit)).all()


def spans_of(
    session: Session, activity_ids: Collection[str], now: datetime
) -> dict[str, tuple[datetime, datetime, datetime | None]]:
    """Of each activity its first start, its last end, and the start of the next one that has not ended."""
    taking_place = Occurrence.is_cancelled.is_(False)
    whole = select(Occurrence.activity_id, func.min(Occurrence.starts_at), func.max(Occurrence.ends_at))
    whole = whole.where(Occurrence.activity_id.in_(activity_ids), taking_place).group_by(Occurrence.activity_id)
    ahead = select(Occurrence.activity_id, func.min(Occurrence.starts_at))
    ahead = ahead.where(Occurrence.activity_id.in_(activity_ids), taking_place, Occurrence.ends_at > now)
    coming_up = {row[0]: row[1] for row in session.execute(ahead.group_by(Occurrence.activity_id))}
    return {id_: (first, last, coming_up.get(id_)) for id_, first, last in session.execute(whole)}


# -- registrations


def registration_of(session: Session, organization_id: str, activity_id: str, registration_id: str) -> Registration:
    """A registration for the activity, as it is now. Raises NotFound."""
    wanted = select(Registration).where(
        Registration.id == registration_id,
        Registration.activity_id == activity_id,
        Registration.organization_id == organization_id,
    )
    found = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NotFound("there is no such registration for this activity")
    return found


def standing_of(
    session: Session, organization_id: str, activity_id: str, *, with_archived: bool = False
) -> Sequence[Registration]:
    """Who has or waits for a place, by when they registered; with their people, archived ones only if asked."""
    wanted = select(Registration).join(Registration.person).options(contains_eager(Registration.person))
    wanted = wanted.where(
        Registration.organization_id == organization_id, Registration.activity_id == activity_id, _STANDING
    )
    if not with_archived:
        wanted = wanted.where(_IS_HERE)
    return session.scalars(wanted.order_by(Registration.registered_at, Registration.id)).all()


def registrations_of(
    session: Session,
    organization_id: str,
    activity_id: str,
    status: RegistrationStatus,
    *,
    offset: int = 0,
    limit: int | None = None,
) -> Sequence[Registration]:
    """The registrations of one status with their people: the waitlist in its order, others by name.

    Whoever is archived is among the cancelled ones.
    """
    wanted = select(Registration).join(Registration.person).options(contains_eager(Registration.person))
    wanted = wanted.where(
        Registration.organization_id == organization_id,
        Registration.activity_id == activity_id,
        or_(Registration.status == status, ~_IS_HERE)
        if status is RegistrationStatus.CANCELLED
        else and_(Registration.status == status, _IS_HERE),
    )
    if status is not RegistrationStatus.WAITING:
        wanted = wanted.order_by(Person.first_name, Person.last_name)
    return session.scalars(
        wanted.order_by(Registration.registered_at, Registration.id).offset(offset).limit(limit)
    ).all()


def has_registrations(session: Session, activity_id: str) -> bool:
    """Whether anybody is or was registered for it."""
    wanted = select(Registration.id).where(Registration.activity_id == activity_id).limit(1)
    return session.scalars(wanted).one_or_none() is not None


def counts_of(
    session: Session, organization_id: str, activity_ids: Collection[str]
) -> dict[tuple[str, RegistrationStatus], int]:
    """How many people have a place in each activity or wait for one."""
    wanted = select(Registration.activity_id, Registration.status, func.count(func.distinct(Registration.person_id)))
    wanted = wanted.join(Registration.person).where(
        Registration.organization_id == organization_id, Registration.activity_id.in_(activity_ids), _STANDING, _IS_HERE
    )
    grouped = wanted.group_by(Registration.activity_id, Registration.status)
    return {(id_, status): number for id_, status, number in session.execute(grouped)}


def people_of(session: Session, organization_id: str, person_ids: Collection[str]) -> Sequence[Person]:
    """Those who can be registered: not archived, merged or erased. In the order of the ids."""
    wanted = select(Person).where(
        Person.organization_id == organization_id,
        Person.id.in_(person_ids),
        Person.archived_at.is_(None),
        Person.merged_into.is_(None),
        Person.erased_at.is_(None),
    )
    found = {each.id: each for each in session.scalars(wanted)}
    return [found[each] for each in dict.fromkeys(person_ids) if each in found]
