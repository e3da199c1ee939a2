"""Erasing a person: nothing of them stays but that somebody came, and when. After the commit, `PersonalFiles.clean`.

The person's row stays as an erased one, so that passes, registrations and counts still belong to somebody. Events
lose the card and what was noted; their digests, and so the door's chain, stay (`server.audit.redaction`). The audit log
is emptied of them. Rows of the same identity in other organizations are not touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from access.domain.people import Language
from server.accounts.locks import hold_person
from server.accounts.repository import account_of
from server.audit import hook as audit
from server.models import (
    Account,
    AllowedAdult,
    ClientLogin,
    ClientSession,
    ClientToken,
    Contact,
    Credential,
    ExtraAnswer,
    Mail,
    Memo,
    Organization,
    Person,
    PersonSkill,
    PictureVersion,
    Site,
    new_id,
)
from server.privacy import repository
from server.privacy.errors import ErasureRefused
from server.privacy.obstacles import WARNINGS, Obstacle, of_deleting, of_erasing
from server.privacy.traces import Gone, clear_traces, events_of, redact

__all__ = ["ERASED_NAMES", "Erased", "delete_person", "erase_person", "redact_late"]

ERASED_NAMES: Final[Mapping[Language, str]] = MappingProxyType(
    {Language.EN: "Erased person", Language.FR: "Personne effacée"}
)
_EMPTIED: Final = (
    "last_name",
    "gender",
    "address_line_1",
    "address_line_2",
    "city",
    "province",
    "postal_code",
    "country",
    "admin_note",
)
_CLEARED: Final = (
    "date_of_birth",
    "language",
    "member_id",
    "email",
    "phone",
    "profile_picture",
    "access_picture",
    "access_picture_verified_on",
    "access_picture_verified_by",
    "external_id",
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What still lies in files after an erasure: pictures by their hash, finished imports, snapshots of sites."""

    organization_id: str
    pictures: frozenset[str]
    sites: tuple[str, ...]
    events: int


@dataclass(slots=True)
class _Found:
    """What is collected about a person on the way."""

    names: set[str] = field(default_factory=set)
    fingerprints: set[str] = field(default_factory=set)
    pictures: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)
    also: set[tuple[str, str]] = field(default_factory=set)
    adults: set[str] = field(default_factory=set)


def erase_person(
    session: Session, organization_id: str, person_id: str, *, now: datetime, is_confirmed: bool = False
) -> Erased:
    """Erases a person who asked for it. Raises NotFound or ErasureRefused; what is active has to be confirmed."""
    person = hold_person(session, organization_id, person_id)
    found = of_erasing(session, person, now=now)
    return _erase(session, person, [each for each in found if not (is_confirmed and each in WARNINGS)], now)


def delete_person(session: Session, organization_id: str, person_id: str, *, now: datetime) -> Erased:
    """The same for somebody whom the retention settings let go. Raises NotFound or ErasureRefused."""
    person = hold_person(session, organization_id, person_id)
    return _erase(session, person, of_deleting(session, person, now=now), now)


def redact_late(session: Session, organization_id: str, person_id: str) -> int:
    """Empties what doors sent of an erased person since; answers of how many events."""
    events = events_of(session, organization_id, [person_id])
    if events:
        audit.erase(
            session,
            organization_id=organization_id,
            person_id=person_id,
            changes={"events": [None, len(events)]},
            written=lambda session, seq: redact(session, events, seq),
        )
    return len(events)


def _erase(session: Session, person: Person, refused: list[Obstacle], now: datetime) -> Erased:
    if refused:
        raise ErasureRefused(refused)
    organization = session.get_one(Organization, person.organization_id)
    account = account_of(session, organization.id, person.account_id)
    rows = repository.same_person(session, person)
    ids = [each.id for each in rows]
    found = _Found()
    for each in rows:
        _collect(each, found)
    is_last = not repository.living(session, account, but=person.id)
    _let_go(session, organization.id, ids, found)
    if is_last:
        for emptied in repository.same_account(session, account):
            _empty_account(session, emptied, found, now)
    for each in rows:
        _leave_identity(session, each)
        _empty(each, ERASED_NAMES[organization.language], now)
    session.flush()
    gone = Gone(
        organization_id=organization.id,
        account_id=account.id,
        person_ids=tuple(ids),
        names=frozenset(found.names),
        emails=frozenset(found.emails),
        fingerprints=frozenset(found.fingerprints),
        adult_ids=frozenset(found.adults),
    )
    found.also |= clear_traces(session, gone)
    events = events_of(session, organization.id, ids)
    for id_ in ids:
        mine = [event_id for event_id, owner in events.items() if owner == id_]
        _tell(session, organization.id, id_, mine, found.also if id_ == person.id else ())
    sites = session.scalars(select(Site.id).where(Site.organization_id == organization.id).order_by(Site.id))
    return Erased(organization.id, frozenset(found.pictures), tuple(sites), len(events))


def _tell(
    session: Session, organization_id: str, person_id: str, event_ids: list[str], also: Iterable[tuple[str, str]]
) -> None:
    audit.erase(
        session,
        organization_id=organization_id,
        person_id=person_id,
        also=sorted(also),
        changes={"events": [None, len(event_ids)]},
        written=lambda session, seq: redact(session, event_ids, seq),
    )


def _collect(person: Person, found: _Found) -> None:
    found.names |= {each for each in (person.first_name, person.last_name) if each}
    found.pictures |= {each for each in (person.profile_picture, person.access_picture) if each}
    if person.email:
        found.emails.add(person.email)


def _let_go(session: Session, organization_id: str, ids: list[str], found: _Found) -> None:
    """Everything that only says something about the person."""
    for credential in repository.rows_of(session, Credential, ids):
        found.fingerprints.add(credential.fingerprint)
        session.delete(credential)
    for version in repository.rows_of(session, PictureVersion, ids):
        found.pictures |= {version.picture} if version.picture else set()
        session.delete(version)
    for class_ in (Memo, ExtraAnswer, PersonSkill):
        for row in repository.rows_of(session, class_, ids):
            session.delete(row)
    adults = select(AllowedAdult).where(
        AllowedAdult.organization_id == organization_id,
        or_(AllowedAdult.child_id.in_(ids), AllowedAdult.adult_person_id.in_(ids)),
    )
    for row in session.scalars(adults):
        found.adults.add(row.id)
        found.also.add(("allowed_adult", row.id))
        found.pictures |= {row.picture} if row.picture else set()
        session.delete(row)
    session.execute(delete(ClientToken).where(ClientToken.person_id.in_(ids)))
    mine = or_(Mail.person_id.in_(ids), Mail.to_address.in_(sorted(found.emails)))
    session.execute(delete(Mail).where(Mail.organization_id == organization_id, mine))


def _empty_account(session: Session, account: Account, found: _Found, now: datetime) -> None:
    """An account that nobody is left on: its name and contacts were the person's."""
    contacts = select(Contact).where(
        Contact.organization_id == account.organization_id, Contact.account_id == account.id
    )
    for contact in session.scalars(contacts):
        found.also.add(("contact", contact.id))
        found.pictures |= {contact.picture} if contact.picture else set()
        session.delete(contact)
    if account.name:
        found.also.add(("account", account.id))
    account.name, account.external_id = "", None
    account.archived_at = account.archived_at or now


def _leave_identity(session: Session, person: Person) -> None:
    """Who is known elsewhere stays so there; a login that nobody else uses goes."""
    identity_id = person.identity_id
    person.identity_id = new_id()
    if identity_id is None:
        return
    session.flush()
    others = select(Person.id).where(Person.identity_id == identity_id).limit(1)
    login = session.get(ClientLogin, identity_id)
    if login is not None and session.scalars(others).first() is None:
        session.delete(login)
        session.execute(delete(ClientSession).where(ClientSession.identity_id == identity_id))


def _empty(person: Person, name: str, now: datetime) -> None:
    values: dict[str, Any] = dict.fromkeys(_EMPTIED, "") | dict.fromkeys(_CLEARED)
    values |= {"first_name": name, "is_blocked": False, "has_notify_flag": False}
    values |= {"wants_email": False, "wants_sms": False, "erased_at": now, "archived_at": person.archived_at or now}
    for column, value in values.items():
        setattr(person, column, value)
    person.tags = []
