"""A made-up centre of any size for `gatehouse bench what-if`: families, what they hold, and some days of real scans."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from access.domain.credentials import Code, CredentialKind, fingerprint
from access.domain.ids import uuid7
from server.db import Database
from server.feed.repository import head_of
from server.models import (
    AccessPoint,
    Account,
    Credential,
    Device,
    Event,
    Membership,
    MembershipPerson,
    MembershipType,
    Multipass,
    MultipassType,
    Organization,
    PassUse,
    Person,
    Site,
)

__all__ = ["DAYS", "ORGANIZATION_ID", "POINT_ID", "build"]

ORGANIZATION_ID, POINT_ID, DAYS = "bench", "pool", 7
_OWN = {"organization_id": ORGANIZATION_ID}
_FAMILY = 4
_BATCH = 2000


def build(database: Database, *, people: int, scans: int, now: datetime) -> None:
    """Fills an empty database: `people` people, each family with a membership or a multipass, and `scans` scans of the
    last days, spread evenly, a tenth of them by somebody who owes."""
    with database.write() as session:
        _place(session)
    for first in range(0, people, _BATCH):
        with database.write() as session:
            for family in range(first // _FAMILY, (min(people, first + _BATCH) + _FAMILY - 1) // _FAMILY):
                _family(session, family, now.date())
    with database.read() as session:
        head = head_of(session, ORGANIZATION_ID)
    if head is None:
        raise RuntimeError("the feed of a filled database has a head")
    mark = {"epoch": head.epoch, "seq": head.seq}
    for first in range(0, scans, _BATCH):
        with database.write() as session:
            for number in range(first, min(scans, first + _BATCH)):
                at = now - timedelta(days=DAYS) * (1 - number / scans)
                _scan(session, number, number * 7919 % people, at, mark)


def _place(session: Session) -> None:
    session.add(Organization(id=ORGANIZATION_ID, name_en="Bench", time_zone="America/Toronto"))
    session.flush()
    session.add(Site(id="town", name_en="Town", **_OWN))
    session.flush()
    rules = [{"type": "membership"}, {"type": "multipass"}]
    session.add(AccessPoint(id=POINT_ID, site_id="town", name_en="Pool", settings={"access_rules": rules}, **_OWN))
    session.add(Device(id="door", site_id="town", name="Door", secret_hash="0" * 64, **_OWN))
    session.add(MembershipType(id="gym", name_en="Fitness and pool", name_fr="Forme et piscine", **_OWN))
    session.add(MultipassType(id="swim", name_en="Pool multipass", name_fr="Laissez-passer piscine", **_OWN))


def _family(session: Session, number: int, today: date) -> None:
    account_id = f"a{number}"
    owes = number % 10 == 7
    session.add(
        Account(
            id=account_id,
            balance_cents=12_000 if owes else 0,
            due_since=today - timedelta(days=60) if owes else None,
            **_OWN,
        )
    )
    session.flush()
    organization = session.get_one(Organization, ORGANIZATION_ID)
    people = [f"p{number * _FAMILY + each}" for each in range(_FAMILY)]
    for id_ in people:
        person = Person(id=id_, account_id=account_id, first_name="Ava", last_name=f"Roy {id_}", **_OWN)
        session.add(person)
        session.flush()
        session.add(Credential.of(organization, person, _card(id_)))
    if number % 2:
        membership = Membership(
            id=f"m{number}",
            account_id=account_id,
            type_id="gym",
            starts_on=date(2024, 1, 1),
            ends_on=today + timedelta(days=number * 37 % 400 - 40),
            **_OWN,
        )
        membership.people = [MembershipPerson(person_id=each) for each in people]
        session.add(membership)
    else:
        bought = {"account_id": account_id, "type_id": "swim", "purchased_on": date(2025, 1, 1), **_OWN}
        session.add(Multipass(id=f"x{number}", total=400, **bought))


def _scan(session: Session, number: int, who: int, at: datetime, mark: dict[str, object]) -> None:
    family, person_id = who // _FAMILY, f"p{who}"
    id_ = uuid7(int(at.timestamp() * 1000), number.to_bytes(10, "big"))
    organization = session.get_one(Organization, ORGANIZATION_ID)
    card = {"kind": "barcode", "fingerprint": fingerprint(organization.fingerprint_key, _card(person_id))}
    uses_pass = family % 2 == 0
    session.add(
        Event(
            id=id_,
            site_id="town",
            device_id="door",
            seq=number + 1,
            prev_hash="0" * 64,
            access_point_id=POINT_ID,
            account_id=f"a{family}",
            person_id=person_id,
            kind="checked_in",
            outcome="granted",
            reasons=[],
            pass_type="multipass" if uses_pass else "membership",
            pass_id=f"x{family}" if uses_pass else f"m{family}",
            credential_kind="barcode",
            occurred_at=at,
            recorded_at=at + timedelta(seconds=1),
            is_offline=False,
            body=json.dumps({"cache": mark, "clock": "trusted", "credential": card}),
            body_hash="0" * 64,
            **_OWN,
        )
    )
    if uses_pass:
        session.add(
            PassUse(id=id_, multipass_id=f"x{family}", account_id=f"a{family}", person_id=person_id, used_at=at, **_OWN)
        )


def _card(person_id: str) -> Code:
    return Code(CredentialKind.BARCODE, f"{20_000_000 + int(person_id[1:]) * 7:010d}")
