"""Puts the sample organization into the centre's database: two access points with rules of their own, and everyone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from access.domain.credentials import Code, CredentialKind
from access.domain.instants import add_months
from access.domain.memberships import CancellationState
from access.domain.multipasses import Effective
from access.domain.people import Language
from access.domain.registrations import ActivityKind
from gatehouse.demo.office import furnish
from gatehouse.demo.people import SAMPLE, SampleAccount, SamplePerson, day, membership_types, multipass_types
from gatehouse.demo.portraits import portrait_jpeg
from server.accounts.balance import EntryKind, EntrySource, enter
from server.activities.rows import add_activity, add_occurrence, add_registration
from server.models import (
    AccessPoint,
    Account,
    AllowedAdult,
    Credential,
    Facility,
    Membership,
    MembershipPause,
    MembershipPerson,
    MembershipType,
    Memo,
    Multipass,
    MultipassType,
    Organization,
    PassUse,
    Person,
    Site,
)

__all__ = ["ORGANIZATION_ID", "RULES", "SITE_ID", "TIME_ZONE", "seed"]

ORGANIZATION_ID, SITE_ID, TIME_ZONE = "north-river", "main", "America/Toronto"
_ZONE = ZoneInfo(TIME_ZONE)
_POOL_SETTINGS: dict[str, Any] = {
    "facility_id": "pool-hall",
    "access_rules": [
        {"type": "membership"},
        {"type": "multipass", "chosen": ["pool-10", "pool-5", "pool-20", "pool-month"]},
        {"type": "session", "window": {"kind": "around", "minutes_before": 15}},
    ],
    "attendance": {"is_on": True, "has_check_out": True, "has_child_pick_up": True, "has_daily_notes": True},
    "is_choice_offered": True,
    "auto_exit_after_h": 12,
    "pulse_ms": 3000,
}
_GYM_SETTINGS: dict[str, Any] = {
    "facility_id": "gym-hall",
    "access_rules": [{"type": "membership"}, {"type": "multipass", "chosen": ["gym-unlimited"]}],
    "balance": {"mode": "review", "threshold_cents": 1000, "age_days": 14},
    "capacity": {"limit": 120, "warning_at": 100, "mode": "review"},
}
RULES = {
    "pool": "Memberships, pool multipasses, and sessions from 15 minutes before. Asks who holds several which to use.",
    "gym": "Memberships and the gym multipass. Who owes over 10.00 for two weeks is sent to the desk; 120 at most.",
}
"""What the two access points' settings come to, in a sentence each."""


@dataclass(frozen=True, slots=True)
class _Moment:
    now: datetime
    today: date


def seed(session: Session, *, now: datetime, put_picture: Callable[[bytes], str]) -> Organization:
    """Adds everything to an empty database. `put_picture` stores JPEG bytes and returns their SHA-256."""
    moment = _Moment(now, now.astimezone(_ZONE).date())
    organization = Organization(
        id=ORGANIZATION_ID,
        name_en="North River Recreation Centre",
        name_fr="Centre récréatif Rivière-Nord",
        time_zone=TIME_ZONE,
        language=Language.EN,
    )
    session.add(organization)
    session.flush()
    _add_places(session)
    _add_products(session, moment)
    for account in SAMPLE:
        _add_account(session, organization, account, moment, put_picture)
    furnish(session, organization, now=now, put_picture=put_picture)
    return organization


def _add_places(session: Session) -> None:
    own = {"organization_id": ORGANIZATION_ID}
    session.add(Site(id=SITE_ID, name_en="Main building", name_fr="Bâtiment principal", **own))
    session.flush()
    session.add(Facility(id="pool-hall", site_id=SITE_ID, name_en="Pool", name_fr="Piscine", **own))
    session.add(Facility(id="gym-hall", site_id=SITE_ID, name_en="Gym", name_fr="Gymnase", **own))
    session.flush()
    points = (
        ("pool", "Pool entrance", "Entrée de la piscine", _POOL_SETTINGS),
        ("gym", "Gym entrance", "Entrée du gymnase", _GYM_SETTINGS),
    )
    for id_, english, french, settings in points:
        session.add(AccessPoint(id=id_, site_id=SITE_ID, name_en=english, name_fr=french, settings=settings, **own))


def _add_products(session: Session, moment: _Moment) -> None:
    own = {"organization_id": ORGANIZATION_ID}
    for id_, (english, french) in membership_types.items():
        session.add(MembershipType(id=id_, name_en=english, name_fr=french, **own))
    for id_, sold in multipass_types.items():
        session.add(MultipassType(id=id_, **sold, **own))
    soon = moment.now.replace(second=0, microsecond=0) + timedelta(minutes=10)
    tomorrow = datetime.combine(moment.today + timedelta(days=1), time(9), tzinfo=_ZONE)
    for id_, english, french, starts_at in (
        ("swim-3", "Swim level 3", "Natation niveau 3", soon),
        ("swim-1", "Swim level 1", "Natation niveau 1", tomorrow),
    ):
        kind = ActivityKind.SESSION
        add_activity(session, ORGANIZATION_ID, id=id_, kind=kind, name_en=english, name_fr=french)
        session.flush()
        for week in range(8):
            at = starts_at + timedelta(weeks=week)
            add_occurrence(session, id_, at, at + timedelta(minutes=45), id=f"{id_}-{week}")
    session.flush()


def _add_account(
    session: Session,
    organization: Organization,
    sample: SampleAccount,
    moment: _Moment,
    put_picture: Callable[[bytes], str],
) -> None:
    account = Account(
        id=sample.key,
        organization_id=organization.id,
        name=sample.people[0].full_name,
        owner_id=sample.people[0].key,
    )
    session.add(account)
    for person in sample.people:
        account.people.append(_person(organization, person, moment, put_picture))
    session.flush()
    if sample.balance_cents:
        enter(
            session,
            organization.id,
            account.id,
            kind=EntryKind.CHARGE,
            amount_cents=sample.balance_cents,
            source=EntrySource.IMPORT,
            now=moment.now - timedelta(days=30),
            description="Natation · Swimming",
        )
    for number, held in enumerate(sample.memberships, 1):
        session.add(_membership(sample, held, number, moment))
    for number, held in enumerate(sample.multipasses, 1):
        _add_multipass(session, sample, held, number, moment)
    for number, adult in enumerate(sample.pick_up, 1):
        picture = put_picture(portrait_jpeg(adult["name"], age="adult", has_beard="beard" in adult))
        session.add(
            AllowedAdult(
                id=f"{sample.key}-adult-{number}",
                organization_id=organization.id,
                account_id=sample.key,
                child_id=adult["child"],
                name=adult["name"],
                relation_en=adult["en"],
                relation_fr=adult["fr"],
                picture=picture,
            )
        )
    for held in sample.registrations:
        add_registration(
            session,
            next(each for each in account.people if each.id == held["person"]),
            held["activity"],
            id=f"{held['person']}-{held['activity']}",
            registered_at=moment.now,
        )
    session.flush()


def _person(
    organization: Organization, sample: SamplePerson, moment: _Moment, put_picture: Callable[[bytes], str]
) -> Person:
    picture = None
    if sample.has_picture:
        picture = put_picture(portrait_jpeg(sample.full_name, age=sample.age, has_beard=sample.has_beard))
    years = {"child": 9, "teen": 15, "adult": 38}[sample.age]
    born = date(moment.today.year - years, 1, 15)
    if sample.has_birthday:
        born = add_months(moment.today, -12 * years)
    person = Person(
        id=sample.key,
        organization_id=organization.id,
        first_name=sample.first,
        last_name=sample.last,
        date_of_birth=born,
        language=Language(sample.language),
        member_id=sample.member_id,
        profile_picture=picture,
        access_picture=picture,
        access_picture_verified_on=moment.today - timedelta(days=90) if picture else None,
        is_blocked=sample.is_blocked,
    )
    if sample.memo:
        person.memos.append(Memo(text=sample.memo, is_starred=True, is_allergy="allergy" in sample.memo))
    kind = CredentialKind.QR if sample.symbology == "QRCode" else CredentialKind.BARCODE
    revoked_at = moment.now - timedelta(days=2) if sample.is_card_revoked else None
    for code in (Code(kind, sample.member_id), Code(CredentialKind.NFC, sample.uid.hex().upper())):
        credential = Credential.of(organization, person, code)
        credential.revoked_at = revoked_at
    return person


def _membership(sample: SampleAccount, held: dict[str, Any], number: int, moment: _Moment) -> Membership:
    state, ends = held.get("cancels", (None, None))
    membership = Membership(
        id=f"{sample.key}-membership-{number}",
        organization_id=ORGANIZATION_ID,
        account_id=sample.key,
        type_id=held["type"],
        starts_on=day(held["starts"], moment.today),
        ends_on=day(held.get("ends"), moment.today),
        cancellation_state=CancellationState(state) if state else None,
        cancellation_ends_on=day(ends, moment.today),
    )
    membership.people = [MembershipPerson(person_id=key) for key in held["people"]]
    if "pause" in held:
        first, last = held["pause"]
        membership.pauses.append(MembershipPause(first_on=day(first, moment.today), last_on=day(last, moment.today)))
    return membership


def _add_multipass(session: Session, sample: SampleAccount, held: dict[str, Any], number: int, moment: _Moment) -> None:
    id_ = f"{sample.key}-multipass-{number}"
    session.add(
        Multipass(
            id=id_,
            organization_id=ORGANIZATION_ID,
            account_id=sample.key,
            type_id=held["type"],
            person_id=held["person"],
            purchased_on=moment.today - timedelta(days=60),
            total=held["total"],
            effective=Effective.ON_FIRST_USE if "first_use_days" in held else Effective.ON_PURCHASE,
            expires_on=day(held.get("expires"), moment.today),
            expires_after_days=held.get("first_use_days"),
            is_strict=multipass_types[held["type"]].get("is_strict", False),
        )
    )
    for use in range(held.get("used", 0)):
        user = held["person"] or sample.people[use % len(sample.people)].key
        session.add(
            PassUse(
                id=f"{id_}-use-{use + 1}",
                organization_id=ORGANIZATION_ID,
                multipass_id=id_,
                account_id=sample.key,
                person_id=user,
                used_at=moment.now - timedelta(days=3 * (use + 1)),
            )
        )
