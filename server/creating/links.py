"""Links in e-mails: 256 random bits, of which only the SHA-256 is kept; good once, and for two weeks."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy.orm import Session

from server.creating import repository
from server.creating.errors import LinkRefused, SentTooOften
from server.models import ClientToken, Person
from server.secrets import token_digest

__all__ = ["LIFETIME", "Purpose", "found", "make", "replace_open"]

LIFETIME: Final = timedelta(days=14)
_PAUSE: Final = timedelta(minutes=10)
_DAY: Final = timedelta(days=1)
_MOST_A_DAY: Final = 5


class Purpose(StrEnum):
    """What a link is for."""

    ACTIVATION = "activation"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class _Made:
    token: str
    expires_at: datetime


def make(session: Session, person: Person, purpose: Purpose, details: dict[str, Any], *, now: datetime) -> _Made:
    """A new link to the person's address; earlier ones of its purpose open nothing from now on. Raises SentTooOften."""
    sent = repository.tokens_since(session, person, purpose, now - _DAY)
    if sent and (now - sent[0] < _PAUSE or len(sent) >= _MOST_A_DAY):
        raise SentTooOften
    replace_open(session, person, purpose, now=now)
    token = secrets.token_urlsafe(32)
    session.add(
        ClientToken(
            token_hash=token_digest(token),
            organization_id=person.organization_id,
            account_id=person.account_id,
            person_id=person.id,
            purpose=purpose,
            details={"email": person.email, **details},
            made_at=now,
            expires_at=now + LIFETIME,
        )
    )
    return _Made(token, now + LIFETIME)


def replace_open(session: Session, person: Person, purpose: Purpose, *, now: datetime) -> None:
    """Has the person's links of a purpose open nothing any more."""
    for each in repository.open_tokens(session, person, purpose):
        each.used_at, each.answer = now, "replaced"


def found(
    session: Session, token: str, purpose: Purpose, *, now: datetime, is_locked: bool = True
) -> tuple[ClientToken, Person]:
    """A link that still works and whom it was sent to. Raises LinkRefused, whatever is wrong with it.

    One that was sent to an address that is not the person's any more opens nothing.
    """
    link = repository.token_by_hash(session, token_digest(token), is_locked=is_locked)
    if link is None or link.purpose != purpose or link.used_at is not None or link.expires_at <= now:
        raise LinkRefused
    person = session.get(Person, link.person_id)
    if person is None or person.merged_into is not None or person.archived_at is not None:
        raise LinkRefused
    if (person.email or "").lower() != (link.details.get("email") or "").lower():
        raise LinkRefused
    return link, person
