"""Everything an organization has about a person, as a ZIP: JSON, a page to read, movements as CSV, and the pictures.

The JSON has one list for each kind of thing, named as in `docs/privacy.md`; instants are ISO 8601 in UTC. The page
(`readable`) and the movements are in words. What doors were given, and keys of ours (digests of passwords and links),
are not about the person and are left out.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import Session

from server.accounts import holdings
from server.audit import hook as audit
from server.audit.values import plain
from server.checkins.csv_export import csv_chunks
from server.db import Database
from server.errors import NotFound
from server.models import (
    AccessPoint,
    Account,
    Activity,
    AllowedAdult,
    AuditEntry,
    BalanceEntry,
    ClientLogin,
    Contact,
    Credential,
    Event,
    ExtraAnswer,
    ExtraQuestion,
    Mail,
    MembershipType,
    Memo,
    MultipassType,
    Organization,
    Person,
    PersonSkill,
    PictureVersion,
    Registration,
    Settlement,
    Skill,
)
from server.pictures.store import PictureStore
from server.privacy import repository
from server.privacy.readable import Reader, readable
from server.privacy.words import heading

__all__ = ["LEFT_OUT", "export_person"]

LEFT_OUT: Final = frozenset({"organization_id", "password_hash", "sealed_path", "salt", "prev_hash", "hash"})
_MOVEMENT: Final = ("occurred_at", "access_point", "kind", "outcome", "pass_type", "pass_name", "credential_kind")


def export_person(
    database: Database, pictures: PictureStore, organization_id: str, person_id: str, *, language: str, now: datetime
) -> bytes:
    """The ZIP. The audit log notes that it was made. Raises NotFound."""
    with database.read() as session:
        person = repository.person_of(session, organization_id, person_id)
        document = _document(session, person, now)
        organization = session.get_one(Organization, organization_id)
        name, zone = organization.name.in_language(language), ZoneInfo(organization.time_zone)
    with database.write() as session:
        audit.note(
            session,
            entity="person",
            entity_id=person_id,
            what="exported",
            organization_id=organization_id,
            person_id=person_id,
        )
    return _zip(document, pictures, name, Reader(language, zone))


def _document(session: Session, person: Person, now: datetime) -> dict[str, Any]:
    rows = repository.same_person(session, person)
    ids, organization_id = [each.id for each in rows], person.organization_id
    account = session.get_one(Account, person.account_id)
    is_owner = account.owner_id == person.id
    passes = holdings.multipasses_of(session, organization_id, ids)
    events = select(Event).where(Event.organization_id == organization_id, Event.person_id.in_(ids))
    seen = session.scalars(events.order_by(Event.occurred_at, Event.id)).all()
    adults = or_(AllowedAdult.child_id.in_(ids), AllowedAdult.adult_person_id.in_(ids))
    audited = select(AuditEntry).where(AuditEntry.organization_id == organization_id, AuditEntry.person_id.in_(ids))
    login = session.get(ClientLogin, person.identity_id) if person.identity_id else None
    settled = select(Settlement).where(
        Settlement.organization_id == organization_id, Settlement.event_id.in_([each.id for each in seen])
    )
    of_account = is_owner or len(repository.living(session, account)) <= 1
    return {
        "made_at": plain(now),
        "person": [_row(each) for each in rows],
        "account": [_row(account)] if of_account else [],
        "login": [_row(login)] if login else [],
        "tags": sorted({tag.name for each in rows for tag in each.tags}),
        "credentials": _rows(repository.rows_of(session, Credential, ids)),
        "memos": _rows(repository.rows_of(session, Memo, ids)),
        "answers": _named(session, repository.rows_of(session, ExtraAnswer, ids), ExtraQuestion, "question_id"),
        "skills": _named(session, repository.rows_of(session, PersonSkill, ids), Skill, "skill_id"),
        "pictures": _rows(repository.rows_of(session, PictureVersion, ids)),
        "memberships": _named(
            session, holdings.memberships_of(session, organization_id, ids), MembershipType, "type_id"
        ),
        "multipasses": _named(session, passes, MultipassType, "type_id"),
        "pass_uses": _rows(holdings.uses_of(session, organization_id, [each.id for each in passes])),
        "registrations": _named(session, repository.rows_of(session, Registration, ids), Activity, "activity_id"),
        "allowed_adults": _rows(
            session.scalars(select(AllowedAdult).where(AllowedAdult.organization_id == organization_id, adults)).all()
        ),
        "contacts": _of_account(session, Contact, account) if of_account else [],
        "balance": _of_account(session, BalanceEntry, account) if of_account else [],
        "mails": _rows(session.scalars(_mails(organization_id, rows)).all()),
        "settlements": _rows(session.scalars(settled).all()),
        "changes": _rows(session.scalars(audited.order_by(AuditEntry.seq)).all()),
        "movements": [{**_row(each), **_place(session, each)} for each in seen],
    }


def _mails(organization_id: str, rows: Sequence[Person]) -> Any:
    mine = Mail.person_id.in_([each.id for each in rows])
    addresses = [each.email for each in rows if each.email]
    return select(Mail).where(Mail.organization_id == organization_id, or_(mine, Mail.to_address.in_(addresses)))


def _of_account(session: Session, class_: Any, account: Account) -> list[dict[str, Any]]:
    wanted = select(class_).where(class_.organization_id == account.organization_id, class_.account_id == account.id)
    return _rows(session.scalars(wanted).all())


def _rows(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [_row(each) for each in rows]


def _row(row: Any) -> dict[str, Any]:
    names = [each.key for each in inspect(type(row)).column_attrs if each.key not in LEFT_OUT]
    return {name: plain(value) for name in names if (value := getattr(row, name)) not in (None, "")}


def _named(session: Session, rows: Sequence[Any], class_: Any, column: str) -> list[dict[str, Any]]:
    """The rows with what they are of, in both languages."""
    found = []
    for row in rows:
        of = session.get_one(class_, getattr(row, column))
        text = of.label if isinstance(of, ExtraQuestion) else of.name
        found.append({**_row(row), "of": {"en": text.en, "fr": text.fr}})
    return found


def _place(session: Session, event: Event) -> dict[str, Any]:
    point = session.get(AccessPoint, event.access_point_id) if event.access_point_id else None
    return {"access_point": {"en": point.name.en, "fr": point.name.fr}} if point else {}


def _zip(document: Mapping[str, Any], pictures: PictureStore, organization: str, reader: Reader) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(document, ensure_ascii=False, indent=2))
        archive.writestr("person.html", readable(document, organization, reader))
        lines = [[reader.said(name, each.get(name, "")) for name in _MOVEMENT] for each in document["movements"]]
        header = [heading(reader.language, name) for name in _MOVEMENT]
        archive.writestr("movements.csv", b"".join(csv_chunks(header, lines)))
        named = {each.get(name) for each in document["person"] for name in ("access_picture", "profile_picture")}
        named |= {each.get("picture") for each in document["pictures"]}
        for sha256 in sorted(each for each in named if each):
            try:
                archive.writestr(f"pictures/{sha256}.jpg", pictures.path(sha256).read_bytes())
            except (NotFound, FileNotFoundError):
                continue
    return buffer.getvalue()
