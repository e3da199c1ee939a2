"""A small organization with awkward names, a second one that must never see it, and events to look at."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from access.domain.credentials import Code, CredentialKind
from access.domain.ids import uuid7
from server.db import Database, note_recorded
from server.models import (
    AccessPoint,
    Account,
    Credential,
    Device,
    DeviceMark,
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
from server.pictures.store import PictureStore
from server.staff.service import create_staff

PASSWORD = "correct horse battery"
EVIL = "<img src=x onerror=alert(1)>"
_seq = 0


@dataclass(frozen=True)
class Sample:
    """The ids that tests ask for."""

    picture: str
    foreign_picture: str


def fill(database: Database, pictures: PictureStore) -> Sample:
    """Fills an empty database with `home` and `elsewhere`."""
    own, foreign = pictures.put(_picture("teal")), pictures.put(_picture("maroon"))
    with database.write() as session:
        _organization(session, "home", own)
        _organization(session, "elsewhere", foreign)
        for role in ("admin", "desk", "viewer"):
            create_staff(
                session,
                organization_id="home",
                email=f"{role}@example.org",
                name=f"Alex {role.title()}",
                password=PASSWORD,
                role=role,
                language="en",
            )
        create_staff(
            session,
            organization_id="elsewhere",
            email="other@example.org",
            name="Olga Other",
            password=PASSWORD,
            role="admin",
            language="en",
        )
    return Sample(own, foreign)


def _picture(colour: str) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (60, 80), colour).save(kept, "PNG")
    return kept.getvalue()


def _organization(session: Session, name: str, picture: str) -> None:
    organization = Organization(id=name, name_en=f"{name.title()} Pool", name_fr=f"Piscine {name}")
    session.add(organization)
    session.flush()
    session.add(Site(id=f"{name}-site", organization_id=name, name_en="Main building"))
    session.flush()
    for place in ("pool", "gym"):
        session.add(
            AccessPoint(
                id=f"{name}-{place}",
                organization_id=name,
                site_id=f"{name}-site",
                name_en=place.title(),
                name_fr="Piscine" if place == "pool" else "Gymnase",
                settings={},
            )
        )
    session.add(
        Device(id=f"{name}-door", organization_id=name, site_id=f"{name}-site", name="Door", secret_hash="0" * 64)
    )
    session.add(MembershipType(id=f"{name}-mt", organization_id=name, name_en="Family membership", name_fr="Adhésion"))
    session.add(
        MultipassType(id=f"{name}-pt", organization_id=name, name_en="Swim pass", name_fr="Passe piscine", total=5)
    )
    session.flush()
    session.add(DeviceMark(device_id=f"{name}-door"))
    account = Account(id=f"{name}-account", organization_id=name, balance_cents=4250, due_since=date(2026, 10, 1))
    session.add(account)
    session.flush()
    for first, last in (("Zoé", "Tremblay"), ("Émile", "Tremblay"), ("=cmd()", EVIL)):
        person = Person(
            id=f"{name}-{first.strip('=()').lower().replace('é', 'e')}",
            organization_id=name,
            account_id=account.id,
            first_name=first,
            last_name=last,
            access_picture=picture if first == "Zoé" else None,
            member_id=f"7{len(first)}{len(last)}",
        )
        session.add(person)
        session.flush()
        session.add(Credential.of(organization, person, Code(CredentialKind.BARCODE, f"CARD-{person.member_id}")))
    account.owner_id = f"{name}-zoe"
    session.add(
        Membership(
            id=f"{name}-membership",
            organization_id=name,
            account_id=account.id,
            type_id=f"{name}-mt",
            starts_on=date(2020, 1, 1),
            people=[MembershipPerson(person_id=f"{name}-zoe")],
        )
    )
    session.add(
        Multipass(
            id=f"{name}-pass",
            organization_id=name,
            account_id=account.id,
            type_id=f"{name}-pt",
            purchased_on=date(2020, 1, 1),
            total=5,
        )
    )
    for number in range(2):
        session.add(
            PassUse(
                id=f"{name}-use{number}",
                organization_id=name,
                multipass_id=f"{name}-pass",
                person_id=f"{name}-zoe",
                used_at=datetime(2026, 1, number + 1, tzinfo=UTC),
            )
        )
    session.flush()


def event(session: Session, organization: str = "home", **given: Any) -> Event:
    """Records an event; what is not given is a granted check-in of Zoé at the pool."""
    global _seq
    _seq += 1
    occurred_at: datetime = given.pop("occurred_at", datetime(2026, 11, 21, 15, tzinfo=UTC))
    body = {"note": given.pop("note", None), "entitlement": {"remaining": given.pop("remaining", None)}}
    values: dict[str, Any] = {
        "id": uuid7(int(occurred_at.timestamp() * 1000), _seq.to_bytes(10, "big")),
        "organization_id": organization,
        "site_id": f"{organization}-site",
        "device_id": f"{organization}-door",
        "seq": _seq,
        "prev_hash": "0" * 64,
        "access_point_id": f"{organization}-pool",
        "account_id": f"{organization}-account",
        "person_id": f"{organization}-zoe",
        "kind": "checked_in",
        "outcome": "granted",
        "reasons": [],
        "credential_kind": "barcode",
        "occurred_at": occurred_at,
        "recorded_at": occurred_at + timedelta(seconds=1),
        "is_offline": False,
        "body": json.dumps(body),
        "body_hash": "0" * 64,
        **given,
    }
    made = Event(**values)
    session.add(made)
    note_recorded(session, organization, made.id)
    return made
