"""The two requests that clients get by e-mail: to activate their login, and to consent to what is shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.creating import links, repository
from server.creating.errors import NotSendable
from server.creating.links import Purpose
from server.creating.texts import said
from server.mail.addresses import checked
from server.mail.message import LINK
from server.mail.outbox import Letter, MailBox
from server.models import Account, ClientLogin, ClientToken, Organization, Person, new_id

__all__ = ["Post", "Standing", "ask_consent", "request_activation", "standing_of"]


@dataclass(frozen=True, slots=True)
class Post:
    """What letters are sent with."""

    box: MailBox
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of the requests about an account's owner or member."""

    login: ClientLogin | None
    activation: ClientToken | None
    consent: ClientToken | None

    def is_open(self, link: ClientToken | None, now: datetime) -> bool:
        """Whether an answer may still come."""
        return link is not None and link.used_at is None and link.expires_at > now


def request_activation(session: Session, person: Person, post: Post) -> None:
    """Sends the link with which the person chooses a username and a password; with one, a new password.

    Raises NotSendable (no_email, other_address) and SentTooOften. Where other organizations know the person, it goes
    only to an address that one of them has too: nobody takes over a login by changing an address.
    """
    address = checked(person.email or "")
    if address is None:
        raise NotSendable("no_email")
    if person.identity_id is None:
        person.identity_id = new_id()
    others = repository.emails_of_identity(session, person.identity_id, but_organization_id=person.organization_id)
    login = session.get(ClientLogin, person.identity_id)
    if others and address not in others:
        raise NotSendable("other_address")
    made = links.make(session, person, Purpose.ACTIVATION, {}, now=post.now)
    key = "renewal" if login is not None else "activation"
    path = f"/client/activate?t={made.token}"
    _send(session, person, post, key, address, path, made.expires_at)


def ask_consent(
    session: Session, person: Person, post: Post, *, address: str, account_id: str, people: Sequence[Person]
) -> None:
    """Asks whether these people of another organization's account may be known here too. Raises SentTooOften.

    What is asked is kept with the link: those who join the other account later are not meant.
    """
    details = {"from_account": account_id, "people": [each.id for each in people]}
    made = links.make(session, person, Purpose.CONSENT, details, now=post.now)
    path = f"/client/consent?t={made.token}"
    _send(session, person, post, "consent", address, path, made.expires_at)


def _send(
    session: Session, person: Person, post: Post, key: str, address: str, path: str, expires_at: datetime
) -> None:
    organization = session.get_one(Organization, person.organization_id)
    language = person.language or organization.language
    t = said(language)
    name = organization.name.in_language(language)
    details = {"name": person.first_name, "organization": name, "link": LINK, "days": links.LIFETIME.days}
    post.box.put(
        session,
        Letter(
            organization_id=organization.id,
            person_id=person.id,
            purpose=key,
            to_address=address,
            language=language,
            subject=t(f"letter.{key}_subject", organization=name),
            body=t(f"letter.{key}", **details),
            path=path,
            expires_at=expires_at,
        ),
        now=post.now,
    )


def standing_of(session: Session, account: Account, person: Person) -> Standing:
    """What was asked of a person of the account, and what they answered."""
    sent = [
        each
        for each in repository.tokens_of(session, account.organization_id, account.id)
        if each.person_id == person.id
    ]
    return Standing(
        login=session.get(ClientLogin, person.identity_id) if person.identity_id else None,
        activation=next((each for each in sent if each.purpose == Purpose.ACTIVATION), None),
        consent=next((each for each in sent if each.purpose == Purpose.CONSENT), None),
    )
