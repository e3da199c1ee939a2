"""Issuing, replacing and cancelling cards. The caller holds the account; numbers are given out under the organization.

A card that was cancelled stays cancelled: its code is never issued again. Doors hear of each change with its commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from access.domain.credentials import Code, CredentialKind, UnreadableCode, fingerprint, normalise, normalise_uid
from server.accounts.repository import is_member_id_taken, locked_organization
from server.cards import repository
from server.cards.codes import square_of
from server.cards.errors import CardRefused, CardTaken
from server.cards.layout import CardLayout
from server.errors import NotFound, Unprocessable
from server.models import Credential, Event, Organization, Person

__all__ = ["RevokedBecause", "assign", "issue", "layout_of", "mark_printed", "read_code", "replace", "revoke"]


class RevokedBecause(StrEnum):
    """Why a card was cancelled."""

    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    ENDED = "ended"
    REPLACED = "replaced"


def layout_of(session: Session, organization_id: str) -> CardLayout:
    """The layout of the organization's default template; the built-in one where there is none."""
    template = repository.default_template(session, organization_id)
    return CardLayout.model_validate(template.layout) if template else CardLayout()


def issue(session: Session, person: Person, kind: CredentialKind, typed: str, *, by: str, now: datetime) -> Credential:
    """A card for a person. Without a typed or scanned code: their member ID, else the next number.

    The first number somebody gets becomes their member ID. Raises CardRefused, CardTaken.
    """
    organization = _locked(session, person)
    code = read_code(kind, typed) if typed.strip() else _next_code(session, organization, person, kind)
    if code.kind is not CredentialKind.NFC and person.member_id is None:
        person.member_id = _as_member_id(session, organization, person, code.value)
    return _issued(session, organization, person, code, by=by, now=now)


def replace(
    session: Session, old: Credential, kind: CredentialKind, typed: str, *, by: str, now: datetime
) -> Credential:
    """A new card in the place of one in use, which is cancelled. The member ID follows where it was the old number."""
    if old.revoked_at is not None:
        raise CardRefused("not_in_use")
    person = old.person
    is_numbered = person.member_id is not None and person.member_id == old.value
    organization = _locked(session, person)
    code = read_code(kind, typed) if typed.strip() else _next_number(session, organization, kind)
    new = _issued(session, organization, person, code, by=by, now=now)
    new.replaces_id = old.id
    revoke(old, RevokedBecause.REPLACED, by=by, now=now)
    if is_numbered and code.kind is not CredentialKind.NFC:
        person.member_id = _as_member_id(session, organization, person, code.value)
    session.flush()
    return new


def revoke(card: Credential, because: RevokedBecause, *, by: str, now: datetime) -> None:
    """Cancels a card for good. Raises CardRefused when it is cancelled already."""
    if card.revoked_at is not None:
        raise CardRefused("not_in_use")
    card.revoked_at, card.revoked_by, card.revoked_because = now, by, because


def assign(session: Session, person: Person, event: Event, *, by: str, now: datetime) -> Credential:
    """Gives a person the unknown card that a door reported. Its code stays unknown here: it cannot be printed.

    Raises CardRefused, CardTaken.
    """
    presented = repository.presented_in(event)
    if event.organization_id != person.organization_id or presented is None:
        raise CardRefused("unreadable")
    kind, mark = presented
    _locked(session, person)
    _not_taken(session, person.organization_id, mark)
    card = Credential(
        organization_id=person.organization_id,
        person=person,
        kind=kind,
        value="",
        fingerprint=mark,
        issued_at=now,
        issued_by=by,
    )
    session.add(card)
    session.flush()
    return card


def mark_printed(session: Session, organization_id: str, card_ids: Sequence[str], *, now: datetime) -> None:
    """Notes when cards were last printed."""
    for card in repository.cards_by_id(session, organization_id, card_ids):
        card.printed_at = now


def read_code(kind: CredentialKind, typed: str) -> Code:
    """The canonical code of what was typed, or typed by a scanner. Raises CardRefused."""
    if kind is CredentialKind.NFC:
        try:
            return Code(kind, normalise_uid(typed))
        except ValueError as error:
            raise CardRefused("not_uid") from error
    read = normalise(typed.encode(), technology="barcode", symbology="QRCode" if kind is CredentialKind.QR else None)
    if isinstance(read, UnreadableCode):
        raise CardRefused("unreadable")
    try:
        square_of(read.value, side_mm=25)
    except Unprocessable as error:
        raise CardRefused("too_long") from error
    return Code(kind, read.value)


def _issued(
    session: Session, organization: Organization, person: Person, code: Code, *, by: str, now: datetime
) -> Credential:
    _not_taken(session, organization.id, _mark(organization, code))
    card = Credential.of(organization, person, code)
    card.issued_at, card.issued_by = now, by
    session.add(card)
    session.flush()
    return card


def _not_taken(session: Session, organization_id: str, mark: str) -> None:
    known = repository.credential_by_fingerprint(session, organization_id, mark)
    if known is not None:
        raise CardRefused("revoked") if known.revoked_at is not None else CardTaken(known.person.full_name)


def _next_code(session: Session, organization: Organization, person: Person, kind: CredentialKind) -> Code:
    if kind is CredentialKind.NFC:
        raise CardRefused("needs_number")
    if person.member_id:
        code = read_code(kind, person.member_id)
        if repository.credential_by_fingerprint(session, organization.id, _mark(organization, code)) is None:
            return code
    return _next_number(session, organization, kind)


def _next_number(session: Session, organization: Organization, kind: CredentialKind) -> Code:
    """The next number that is nobody's member ID and no card's code, not even a cancelled one's."""
    if kind is CredentialKind.NFC:
        raise CardRefused("needs_number")
    layout = layout_of(session, organization.id)
    while True:
        code = Code(kind, layout.number(organization.next_member_number))
        organization.next_member_number += 1
        is_card = repository.credential_by_fingerprint(session, organization.id, _mark(organization, code)) is not None
        if not is_card and not is_member_id_taken(session, organization.id, code.value):
            return code


def _as_member_id(session: Session, organization: Organization, person: Person, value: str) -> str | None:
    is_fit = len(value) <= 64 and not is_member_id_taken(session, organization.id, value, but=person.id)
    return value if is_fit else person.member_id


def _mark(organization: Organization, code: Code) -> str:
    return fingerprint(organization.fingerprint_key, code)


def _locked(session: Session, person: Person) -> Organization:
    """Holds the organization of somebody who may get a card. Raises CardRefused for who is archived."""
    if person.archived_at is not None:
        raise CardRefused("archived")
    organization = locked_organization(session, person.organization_id)
    if organization is None:
        raise NotFound("there is no such organization")
    return organization
