"""Every query about cards. All are scoped to one organization."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from access.domain.credentials import CredentialKind
from access.domain.memberships import Membership as LawMembership
from access.domain.reasons import Reason
from access.wire.feed import EntityKind
from server.errors import NotFound
from server.feed.projection import project
from server.models import CardTemplate, Credential, Event, Membership, MembershipPerson, Person

__all__ = [
    "cards_by_id",
    "cards_of_account",
    "cards_of_people",
    "credential_by_fingerprint",
    "credential_of",
    "default_template",
    "memberships_of_people",
    "presented_in",
    "template_of",
    "templates_of",
    "unknown_cards",
]

_PRINTED = (CredentialKind.BARCODE, CredentialKind.QR)


def credential_by_fingerprint(session: Session, organization_id: str, fingerprint: str) -> Credential | None:
    """The card with this fingerprint, cancelled ones too."""
    wanted = select(Credential).where(
        Credential.organization_id == organization_id, Credential.fingerprint == fingerprint
    )
    return session.scalars(wanted.options(joinedload(Credential.person))).one_or_none()


def credential_of(session: Session, organization_id: str, account_id: str, credential_id: str) -> Credential:
    """A card of somebody on the account. Raises NotFound."""
    wanted = select(Credential).join(Credential.person)
    wanted = wanted.where(
        Credential.id == credential_id,
        Credential.organization_id == organization_id,
        Person.account_id == account_id,
        Person.organization_id == organization_id,
    )
    found = session.scalars(wanted.options(joinedload(Credential.person))).one_or_none()
    if found is None:
        raise NotFound("there is no such card on this account")
    return found


def cards_of_account(session: Session, organization_id: str, account_id: str) -> Sequence[Credential]:
    """The cards of the account's people: by person, those in use first, then the newest."""
    wanted = select(Credential).join(Credential.person)
    wanted = wanted.where(Credential.organization_id == organization_id, Person.account_id == account_id)
    by_person = (Person.first_name, Person.last_name, Person.id)
    ordered = wanted.order_by(*by_person, Credential.revoked_at.is_not(None), Credential.issued_at.desc())
    return session.scalars(ordered.options(joinedload(Credential.person))).all()


def cards_by_id(session: Session, organization_id: str, card_ids: Collection[str]) -> Sequence[Credential]:
    """These cards, as far as they are the organization's."""
    wanted = select(Credential).where(Credential.organization_id == organization_id, Credential.id.in_(card_ids))
    return session.scalars(wanted.order_by(Credential.id)).all()


def cards_of_people(session: Session, organization_id: str, person_ids: Collection[str]) -> Sequence[Credential]:
    """What can be printed for these people: barcodes and QR codes in use whose code is known."""
    wanted = select(Credential).where(
        Credential.organization_id == organization_id,
        Credential.person_id.in_(person_ids),
        Credential.kind.in_(_PRINTED),
        Credential.revoked_at.is_(None),
        Credential.value != "",
    )
    ordered = wanted.options(joinedload(Credential.person)).order_by(Credential.person_id, Credential.issued_at)
    return session.scalars(ordered).all()


def memberships_of_people(session: Session, organization_id: str, person_ids: Collection[str]) -> list[LawMembership]:
    """The memberships that cover these people, as the law reads them, ended ones too."""
    covered = select(MembershipPerson.membership_id).where(MembershipPerson.person_id.in_(person_ids))
    wanted = select(Membership.id).where(Membership.organization_id == organization_id, Membership.id.in_(covered))
    bodies = (item.body for item in project(session, EntityKind.MEMBERSHIP, ids=session.scalars(wanted).all()))
    return [body for body in bodies if isinstance(body, LawMembership)]


def templates_of(session: Session, organization_id: str) -> Sequence[CardTemplate]:
    """The templates in use: the default one first."""
    wanted = select(CardTemplate).where(
        CardTemplate.organization_id == organization_id, CardTemplate.archived_at.is_(None)
    )
    return session.scalars(wanted.order_by(CardTemplate.is_default.desc(), CardTemplate.name, CardTemplate.id)).all()


def template_of(session: Session, organization_id: str, template_id: str) -> CardTemplate:
    """A template in use. Raises NotFound."""
    found = next((each for each in templates_of(session, organization_id) if each.id == template_id), None)
    if found is None:
        raise NotFound("there is no such template")
    return found


def default_template(session: Session, organization_id: str) -> CardTemplate | None:
    """The default template, else the first one; None where there is none."""
    return next(iter(templates_of(session, organization_id)), None)


def unknown_cards(session: Session, organization_id: str, access_point_id: str, since: datetime) -> Sequence[Event]:
    """What was refused as unknown at an access point, the newest first."""
    wanted = select(Event).where(
        Event.organization_id == organization_id,
        Event.access_point_id == access_point_id,
        Event.kind == "denied",
        Event.occurred_at >= since,
    )
    found = session.scalars(wanted.order_by(Event.occurred_at.desc(), Event.id.desc()).limit(20))
    return [each for each in found if Reason.UNKNOWN_CARD in each.reasons]


def presented_in(event: Event) -> tuple[CredentialKind, str] | None:
    """Kind and fingerprint of what was presented; None for what was unreadable or is erased."""
    body: dict[str, Any] = json.loads(event.body)
    presented = body.get("credential")
    if not isinstance(presented, dict) or presented.get("length") is not None:
        return None
    try:
        return CredentialKind(str(presented["kind"])), str(presented["fingerprint"])
    except (KeyError, ValueError):
        return None
