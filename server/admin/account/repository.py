"""Every query of the client list and the account page. All are scoped to one organization."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from access.domain.credentials import Code, CredentialKind, UnreadableCode, fingerprint, normalise, normalise_uid
from access.domain.memberships import Membership as LawMembership
from access.domain.multipasses import Multipass as LawMultipass
from access.domain.multipasses import PassUse as LawPassUse
from access.wire.events import EventKind
from access.wire.feed import EntityKind
from server.feed.projection import project
from server.models import (
    Account,
    Credential,
    Event,
    Membership,
    Multipass,
    Organization,
    PassUse,
    Person,
)

__all__ = [
    "account_by_id",
    "credentials_of",
    "find_accounts",
    "last_entries",
    "memberships_of",
    "multipasses_of",
    "uses_of",
]

_VARIANTS: Final = {
    "a": "aàáâãäåā",
    "c": "cçćč",
    "e": "eèéêëēę",
    "i": "iìíîïī",
    "n": "nñń",
    "o": "oòóôõöøō",
    "s": "sśš",
    "u": "uùúûüū",
    "y": "yýÿ",
    "z": "zźžż",
}
_MAX_WORDS = 5


def account_by_id(session: Session, organization_id: str, account_id: str) -> Account | None:
    """An account of the organization with its people."""
    wanted = select(Account).where(Account.id == account_id, Account.organization_id == organization_id)
    return session.scalar(wanted.options(selectinload(Account.people)))


def find_accounts(session: Session, organization_id: str, term: str, *, limit: int) -> list[Account]:
    """Accounts with a person who is meant by the term (name, member ID or card), or the first ones without a term."""
    wanted = select(Account).where(Account.organization_id == organization_id)
    if term.strip():
        people = select(Person.account_id).where(Person.organization_id == organization_id)
        wanted = wanted.where(Account.id.in_(people.where(_is_meant(session, organization_id, term))))
    owner = select(Person.last_name).where(Person.id == Account.owner_id).scalar_subquery()
    wanted = wanted.options(selectinload(Account.people))
    return list(
        session.scalars(wanted.order_by(func.lower(func.coalesce(owner, Account.name)), Account.id).limit(limit))
    )


def _is_meant(session: Session, organization_id: str, term: str) -> ColumnElement[bool]:
    words = term.split()[:_MAX_WORDS]
    full_name = Person.first_name + " " + Person.last_name
    named = and_(*(full_name.regexp_match(_name_pattern(word)) for word in words))
    numbered = func.lower(Person.member_id).startswith(term.strip().lower(), autoescape=True)
    holders = select(Credential.person_id).where(
        Credential.organization_id == organization_id,
        Credential.fingerprint.in_(_fingerprints(session, organization_id, term)),
    )
    return or_(named, numbered, Person.id.in_(holders))


def _name_pattern(word: str) -> str:
    """The word at the start of a name or a part of one, whatever its case and accents."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    letters = (each for each in plain if not unicodedata.combining(each))
    return r"(?i)(^|[\s'’-])" + "".join(
        f"[{_VARIANTS[each]}]" if each in _VARIANTS else re.escape(each) for each in letters
    )


def _fingerprints(session: Session, organization_id: str, term: str) -> list[str]:
    key = session.scalar(select(Organization.fingerprint_key).where(Organization.id == organization_id))
    if key is None:
        return []
    codes: list[Code] = []
    printed = normalise(term.encode("utf-8", "replace"), technology="barcode")
    if not isinstance(printed, UnreadableCode):
        codes.append(printed)
    with suppress(ValueError):
        codes.append(Code(CredentialKind.NFC, normalise_uid(term)))
    return [fingerprint(key, code) for code in codes]


def memberships_of(session: Session, organization_id: str, account_id: str) -> list[LawMembership]:
    """The account's memberships as the law reads them, ended ones too."""
    ids = session.scalars(
        select(Membership.id).where(Membership.organization_id == organization_id, Membership.account_id == account_id)
    ).all()
    bodies = (item.body for item in project(session, EntityKind.MEMBERSHIP, ids=ids))
    return [body for body in bodies if isinstance(body, LawMembership)]


def multipasses_of(session: Session, organization_id: str, account_id: str) -> list[LawMultipass]:
    """The account's multipasses as the law reads them, used-up ones too."""
    ids = session.scalars(
        select(Multipass.id).where(Multipass.organization_id == organization_id, Multipass.account_id == account_id)
    ).all()
    bodies = (item.body for item in project(session, EntityKind.MULTIPASS, ids=ids))
    return [body for body in bodies if isinstance(body, LawMultipass)]


def uses_of(session: Session, organization_id: str, multipass_ids: Collection[str]) -> list[LawPassUse]:
    """Every use taken of these multipasses."""
    wanted = select(PassUse).where(PassUse.organization_id == organization_id, PassUse.multipass_id.in_(multipass_ids))
    return [
        LawPassUse(
            id=use.id,
            multipass_id=use.multipass_id,
            person_id=use.person_id,
            used_at=use.used_at,
            is_undone=use.is_undone,
        )
        for use in session.scalars(wanted)
    ]


def credentials_of(session: Session, organization_id: str, account_id: str) -> Sequence[Credential]:
    """What the account's people present, by person, newest first."""
    wanted = (
        select(Credential)
        .join(Credential.person)
        .where(Credential.organization_id == organization_id, Person.account_id == account_id)
        .options(joinedload(Credential.person))
    )
    ordered = wanted.order_by(Person.first_name, Person.last_name, Person.id, Credential.issued_at.desc())
    return session.scalars(ordered).all()


def last_entries(session: Session, organization_id: str, person_ids: Collection[str]) -> dict[str, datetime]:
    """When each of the people last came in, if ever."""
    found: dict[str, datetime] = {}
    for person_id in person_ids:
        wanted = select(Event.occurred_at).where(
            Event.organization_id == organization_id,
            Event.person_id == person_id,
            Event.kind == EventKind.CHECKED_IN,
        )
        at = session.scalar(wanted.order_by(Event.occurred_at.desc()).limit(1))
        if at is not None:
            found[person_id] = at
    return found
