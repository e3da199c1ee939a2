"""What a door is told of each entity, read from the tables. The feed and the snapshot both come from here.

Never an e-mail, a birth date or a raw code; of memos only the starred ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from access.domain import credentials, memberships, multipasses, people, places, registrations
from access.domain.doors import Door
from access.domain.staff import StaffMember
from access.wire.feed import Body, EntityKind
from server.feed.office_acts import acts, recent_ids
from server.models.activities import Activity, Occurrence, Registration
from server.models.base import utc_now
from server.models.devices import Device
from server.models.events import Event
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
from server.models.staff import Staff
from server.staff.permissions import desk_permissions_of_staff

__all__ = ["CLOCK", "Item", "age_group", "project"]

_CHUNK = 500
CLOCK = "gatehouse.clock"
"""Under this key of `session.info` may be what answers the instant to project for, in place of the present one."""


_IS_THERE = (Person.archived_at.is_(None), Person.merged_into.is_(None))
"""Who is archived, merged or erased leaves the doors, with their cards and with who may pick them up."""


@dataclass(frozen=True, slots=True)
class Item:
    """An entity as doors get it. `site_id` None concerns every site of the organization."""

    kind: EntityKind
    id: str
    organization_id: str
    body: Body
    account_id: str | None = None
    site_id: str | None = None


def project(
    session: Session, kind: EntityKind, *, ids: Iterable[str] | None = None, organization_id: str | None = None
) -> Iterator[Item]:
    """The entities of a kind with these ids, or all of an organization's. What does not exist is not among them."""
    column, read = _READERS[kind]
    if ids is None and kind is EntityKind.OFFICE_ACT and organization_id is not None:
        ids = recent_ids(session, organization_id, now=session.info.get(CLOCK, utc_now)())
    elif ids is None:
        owner: Any = column if kind is EntityKind.ORGANIZATION else column.class_.organization_id
        ids = session.scalars(select(column).where(owner == organization_id).order_by(column)).all()
    remaining = iter(ids)
    while chunk := list(islice(remaining, _CHUNK)):
        yield from read(session, chunk)


def age_group(born_on: date | None, today: date) -> people.AgeGroup:
    """Child under 13, teen under 18, else adult; without a date of birth presumed adult."""
    if born_on is None:
        return people.AgeGroup.ADULT
    age = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    if age < 13:
        return people.AgeGroup.CHILD
    return people.AgeGroup.TEEN if age < 18 else people.AgeGroup.ADULT


def _organizations(session: Session, ids: Collection[str]) -> Iterator[Item]:
    for row in session.scalars(select(Organization).where(Organization.id.in_(ids))):
        body = people.Organization(id=row.id, name=row.name, time_zone=row.time_zone, language=row.language)
        yield Item(EntityKind.ORGANIZATION, row.id, row.id, body)


def _access_points(session: Session, ids: Collection[str]) -> Iterator[Item]:
    wanted = select(AccessPoint).where(AccessPoint.id.in_(ids), AccessPoint.archived_at.is_(None))
    for row in session.scalars(wanted):
        yield Item(EntityKind.ACCESS_POINT, row.id, row.organization_id, row.policy(), site_id=row.site_id)


def _accounts(session: Session, ids: Collection[str]) -> Iterator[Item]:
    wanted = select(Account.id, Account.organization_id, Account.balance_cents, Account.due_since)
    for id_, organization_id, balance_cents, due_since in session.execute(wanted.where(Account.id.in_(ids))):
        body = people.Account(id=id_, balance_cents=balance_cents, due_since=due_since)
        yield Item(EntityKind.ACCOUNT, id_, organization_id, body, account_id=id_)


def _people(session: Session, ids: Collection[str]) -> Iterator[Item]:
    memos = _grouped(
        session,
        (Memo.person_id, Memo.text, Memo.is_allergy),
        (Memo.person_id.in_(ids), Memo.is_starred),
        (Memo.written_at, Memo.id),
    )
    wanted = select(
        Person.id,
        Person.organization_id,
        Person.account_id,
        Person.first_name,
        Person.last_name,
        Person.member_id,
        Person.language,
        Person.access_picture,
        Person.access_picture_verified_on,
        Staff.name.label("verified_by"),
        Person.date_of_birth,
        Person.is_blocked,
        Person.has_notify_flag,
        Organization.time_zone,
    ).join(Organization, Organization.id == Person.organization_id)
    verifier = (Staff.id == Person.access_picture_verified_by) & (Staff.organization_id == Person.organization_id)
    now = session.info.get(CLOCK, utc_now)()
    for row in session.execute(wanted.outerjoin(Staff, verifier).where(Person.id.in_(ids), *_IS_THERE)):
        born_on = row.date_of_birth
        body = people.Participant(
            id=row.id,
            account_id=row.account_id,
            first_name=row.first_name,
            last_name=row.last_name,
            member_id=row.member_id or "",
            language=row.language,
            picture=row.access_picture,
            picture_verified_on=row.access_picture_verified_on,
            picture_verified_by=row.verified_by or "",
            birthday=(born_on.month, born_on.day) if born_on else None,
            age_group=age_group(born_on, now.astimezone(ZoneInfo(row.time_zone)).date()),
            is_blocked=row.is_blocked,
            has_notify_flag=row.has_notify_flag,
            memos=tuple(people.Memo(text, is_allergy) for text, is_allergy in memos.get(row.id, ())),
        )
        yield Item(EntityKind.PERSON, row.id, row.organization_id, body, account_id=row.account_id)


def _credentials(session: Session, ids: Collection[str]) -> Iterator[Item]:
    wanted = (
        select(
            Credential.fingerprint,
            Credential.organization_id,
            Credential.person_id,
            Credential.kind,
            Credential.revoked_at,
            Person.account_id,
        )
        .join(Person, Person.id == Credential.person_id)
        .where(Credential.fingerprint.in_(ids), *_IS_THERE)
    )
    for fingerprint, organization_id, person_id, kind, revoked_at, account_id in session.execute(wanted):
        body = credentials.Credential(
            fingerprint=fingerprint,
            person_id=person_id,
            account_id=account_id,
            kind=kind,
            is_revoked=revoked_at is not None,
        )
        yield Item(EntityKind.CREDENTIAL, fingerprint, organization_id, body, account_id=account_id)


def _memberships(session: Session, ids: Collection[str]) -> Iterator[Item]:
    covered = _grouped(
        session,
        (MembershipPerson.membership_id, MembershipPerson.person_id),
        (MembershipPerson.membership_id.in_(ids),),
        (MembershipPerson.person_id,),
    )
    pauses = _grouped(
        session,
        (MembershipPause.membership_id, MembershipPause.first_on, MembershipPause.last_on),
        (MembershipPause.membership_id.in_(ids),),
        (MembershipPause.first_on, MembershipPause.id),
    )
    wanted = select(Membership, MembershipType.name_en, MembershipType.name_fr).join(
        MembershipType, MembershipType.id == Membership.type_id
    )
    for row, name_en, name_fr in session.execute(wanted.where(Membership.id.in_(ids))):
        cancelled = row.cancellation_state
        body = memberships.Membership(
            id=row.id,
            account_id=row.account_id,
            type_id=row.type_id,
            name=people.Text(name_en, name_fr),
            person_ids=tuple(person_id for (person_id,) in covered.get(row.id, ())),
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            pauses=tuple(memberships.Pause(first, last) for first, last in pauses.get(row.id, ())),
            cancellation=memberships.Cancellation(cancelled, row.cancellation_ends_on) if cancelled else None,
        )
        yield Item(EntityKind.MEMBERSHIP, row.id, row.organization_id, body, account_id=row.account_id)


def _multipasses(session: Session, ids: Collection[str]) -> Iterator[Item]:
    wanted = select(Multipass, MultipassType.name_en, MultipassType.name_fr).join(
        MultipassType, MultipassType.id == Multipass.type_id
    )
    for row, name_en, name_fr in session.execute(wanted.where(Multipass.id.in_(ids))):
        body = multipass_body(row, people.Text(name_en, name_fr))
        yield Item(EntityKind.MULTIPASS, row.id, row.organization_id, body, account_id=row.account_id)


def multipass_body(row: Multipass, name: people.Text) -> multipasses.Multipass:
    """A multipass as the law reads it."""
    days, months = row.expires_after_days or 0, row.expires_after_months or 0
    return multipasses.Multipass(
        id=row.id,
        account_id=row.account_id,
        type_id=row.type_id,
        name=name,
        purchased_on=row.purchased_on,
        person_id=row.person_id,
        total=row.total,
        effective=row.effective,
        effective_on=row.effective_on,
        first_used_on=row.first_used_on,
        expires_on=row.expires_on,
        expires_after=multipasses.Period(days=days, months=months) if days or months else None,
        is_one_use_a_day=row.is_one_use_a_day,
        is_strict=row.is_strict,
    )


def _pass_uses(session: Session, ids: Collection[str]) -> Iterator[Item]:
    for row in session.scalars(select(PassUse).where(PassUse.id.in_(ids))):
        body = multipasses.PassUse(
            id=row.id,
            multipass_id=row.multipass_id,
            person_id=row.person_id,
            used_at=row.used_at,
            is_undone=row.is_undone,
        )
        yield Item(EntityKind.PASS_USE, row.id, row.organization_id, body, account_id=row.account_id)


def _activities(session: Session, ids: Collection[str]) -> Iterator[Item]:
    occurrences = _grouped(
        session,
        (Occurrence.activity_id, Occurrence.id, Occurrence.starts_at, Occurrence.ends_at, Occurrence.is_cancelled),
        (Occurrence.activity_id.in_(ids),),
        (Occurrence.starts_at, Occurrence.id),
    )
    for row in session.scalars(select(Activity).where(Activity.id.in_(ids))):
        body = registrations.Activity(
            id=row.id,
            kind=row.kind,
            name=row.name,
            facility_id=row.facility_id,
            occurrences=tuple(
                registrations.Occurrence(id=id_, starts_at=starts_at, ends_at=ends_at, is_cancelled=is_cancelled)
                for id_, starts_at, ends_at, is_cancelled in occurrences.get(row.id, ())
            ),
        )
        yield Item(EntityKind.ACTIVITY, row.id, row.organization_id, body)


def _registrations(session: Session, ids: Collection[str]) -> Iterator[Item]:
    for row in session.scalars(select(Registration).where(Registration.id.in_(ids))):
        body = registrations.Registration(
            id=row.id,
            account_id=row.account_id,
            person_id=row.person_id,
            activity_id=row.activity_id,
            status=row.status,
            occurrence_ids=tuple(row.occurrence_ids),
            has_invoice=row.has_invoice,
        )
        yield Item(EntityKind.REGISTRATION, row.id, row.organization_id, body, account_id=row.account_id)


def _facilities(session: Session, ids: Collection[str]) -> Iterator[Item]:
    for row in session.scalars(select(Facility).where(Facility.id.in_(ids))):
        yield Item(EntityKind.FACILITY, row.id, row.organization_id, places.Facility(id=row.id, name=row.name))


def _staff(session: Session, ids: Collection[str]) -> Iterator[Item]:
    """Only those who may sign in at a desk: a disabled account, or one without a PIN, leaves the doors."""
    wanted = select(Staff).where(Staff.id.in_(ids), Staff.is_active, Staff.pin_hash != "")
    fresh = {"populate_existing": True}
    for row in session.scalars(wanted.options(joinedload(Staff.own_role)).execution_options(**fresh)):
        may = tuple(sorted(desk_permissions_of_staff(row)))
        body = StaffMember(id=row.id, name=row.name, language=row.language, may=may, pin_hash=row.pin_hash)
        yield Item(EntityKind.STAFF, row.id, row.organization_id, body)


def _allowed_adults(session: Session, ids: Collection[str]) -> Iterator[Item]:
    wanted = select(AllowedAdult).join(Person, Person.id == AllowedAdult.child_id)
    for row in session.scalars(wanted.where(AllowedAdult.id.in_(ids), *_IS_THERE)):
        body = people.AllowedAdult(
            id=row.id,
            account_id=row.account_id,
            child_id=row.child_id,
            name=row.name,
            relation=people.Text(row.relation_en, row.relation_fr),
            picture=row.picture,
            person_id=row.adult_person_id,
        )
        yield Item(EntityKind.ALLOWED_ADULT, row.id, row.organization_id, body, account_id=row.account_id)


def _doors(session: Session, ids: Collection[str]) -> Iterator[Item]:
    """Only those in service: a revoked door is no neighbour any more."""
    for row in session.scalars(select(Device).where(Device.id.in_(ids), Device.revoked_at.is_(None))):
        body = Door(id=row.id, access_points=tuple(sorted(each.id for each in row.access_points)))
        yield Item(EntityKind.DOOR, row.id, row.organization_id, body, site_id=row.site_id)


def _office_acts(session: Session, ids: Collection[str]) -> Iterator[Item]:
    # Under no account: a scan reads what an account holds, not who marked whom.
    for row, body in acts(session, ids):
        yield Item(EntityKind.OFFICE_ACT, row.id, row.organization_id, body, site_id=row.site_id)


def _grouped(
    session: Session,
    columns: tuple[Any, ...],
    where: tuple[ColumnElement[bool] | InstrumentedAttribute[bool], ...],
    order: tuple[Any, ...],
) -> dict[str, list[tuple[Any, ...]]]:
    """The rows' later columns, by their first."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for parent_id, *values in session.execute(select(*columns).where(*where).order_by(*order)):
        found[parent_id].append(tuple(values))
    return found


_Reader = Callable[[Session, Collection[str]], Iterator[Item]]
_READERS: dict[EntityKind, tuple[InstrumentedAttribute[str], _Reader]] = {
    EntityKind.ORGANIZATION: (Organization.id, _organizations),
    EntityKind.ACCESS_POINT: (AccessPoint.id, _access_points),
    EntityKind.ACCOUNT: (Account.id, _accounts),
    EntityKind.PERSON: (Person.id, _people),
    EntityKind.CREDENTIAL: (Credential.fingerprint, _credentials),
    EntityKind.MEMBERSHIP: (Membership.id, _memberships),
    EntityKind.MULTIPASS: (Multipass.id, _multipasses),
    EntityKind.PASS_USE: (PassUse.id, _pass_uses),
    EntityKind.ACTIVITY: (Activity.id, _activities),
    EntityKind.REGISTRATION: (Registration.id, _registrations),
    EntityKind.FACILITY: (Facility.id, _facilities),
    EntityKind.STAFF: (Staff.id, _staff),
    EntityKind.ALLOWED_ADULT: (AllowedAdult.id, _allowed_adults),
    EntityKind.DOOR: (Device.id, _doors),
    EntityKind.OFFICE_ACT: (Event.id, _office_acts),
}
