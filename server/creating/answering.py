"""What a client does with a link: looks at what it is for, and answers once. Looking changes nothing.

A link acts for whoever received it: the log tells of the client's identity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from access.domain.people import Text
from server.audit.actor import Actor, acting
from server.audit.hook import note
from server.creating import links, repository
from server.creating.errors import UsernameRefused
from server.creating.links import Purpose
from server.creating.logins import canonical_username, check_username
from server.creating.requests import Post
from server.creating.service import people_meant, share_rest
from server.db import Database
from server.models import ClientLogin, Organization, Person, new_id
from server.staff.passwords import hash_password

__all__ = ["Invitation", "activate", "answer_consent", "looked_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a link's page shows. `people` are those whom a consent is about; `username` is the one to start from."""

    organization: Text
    name: str
    language: str
    username: str
    is_renewal: bool
    people: Sequence[str]


def looked_at(database: Database, token: str, purpose: Purpose, *, now: datetime) -> Invitation:
    """What a link is for. Raises LinkRefused."""
    with database.read() as session:
        link, person = links.found(session, token, purpose, now=now, is_locked=False)
        organization = session.get_one(Organization, person.organization_id)
        login = session.get(ClientLogin, person.identity_id) if person.identity_id else None
        meant = people_meant(session, person, link.details) if purpose is Purpose.CONSENT else []
        return Invitation(
            organization=organization.name,
            name=person.first_name,
            language=person.language or organization.language,
            username=login.username if login else (person.email or ""),
            is_renewal=login is not None,
            people=[each.full_name for each in meant],
        )


def activate(database: Database, token: str, username: str, password: str, *, now: datetime) -> str:
    """Gives the client a username and a password, or a new password; every session ends. Answers the identity.

    Raises LinkRefused, UsernameRefused and WeakPassword; with the latter two the link still works.
    """
    with database.read() as session:
        links.found(session, token, Purpose.ACTIVATION, now=now, is_locked=False)
    # Hashed outside any transaction: it takes long on purpose, and doors are waiting to record.
    hashed = hash_password(password)
    try:
        with database.write() as session:
            return _activated(session, token, username, hashed, now)
    except IntegrityError as error:
        raise UsernameRefused("taken") from error


def _activated(session: Session, token: str, username: str, hashed: str, now: datetime) -> str:
    link, person = links.found(session, token, Purpose.ACTIVATION, now=now)
    identity_id = _identity(person)
    with acting(Actor("client", identity_id)):
        login = session.get(ClientLogin, identity_id)
        name = canonical_username(username)
        if login is None or login.username != name:
            check_username(session, identity_id, name)
        if login is None:
            login = ClientLogin(identity_id=identity_id, username=name, activated_at=now)
            session.add(login)
        login.username, login.password_hash, login.changed_at = name, hashed, now
        login.activated_at = login.activated_at or now
        link.used_at, link.answer = now, "activated"
        repository.delete_sessions(session, identity_id)
        session.flush()
    return identity_id


def answer_consent(database: Database, token: str, post: Post, *, is_accepted: bool) -> int:
    """The client's answer, final for this link; how many people appear with the other organization now.

    Raises LinkRefused.
    """
    with database.write() as session:
        link, person = links.found(session, token, Purpose.CONSENT, now=post.now)
        answer = "accepted" if is_accepted else "declined"
        with acting(Actor("client", _identity(person))):
            made = share_rest(session, person, link.details, post) if is_accepted else []
            link.used_at, link.answer = post.now, answer
            note(
                session,
                entity="account",
                entity_id=person.account_id,
                what=f"consent_{answer}",
                organization_id=person.organization_id,
                account_id=person.account_id,
                person_id=person.id,
            )
            session.flush()
        return len(made)


def _identity(person: Person) -> str:
    if person.identity_id is None:
        person.identity_id = new_id()
    return person.identity_id
