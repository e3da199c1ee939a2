"""Every query about accounts that begin. Of one organization, but for `elsewhere` and what belongs to an identity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from server.clients.folding import compact
from server.clients.matching import has_word
from server.models import (
    ClientLogin,
    ClientSession,
    ClientToken,
    Organization,
    Person,
    PersonSearch,
)

__all__ = [
    "delete_sessions",
    "elsewhere",
    "emails_of_identity",
    "here",
    "is_username_taken",
    "login_by_username",
    "open_tokens",
    "session_by_hash",
    "token_by_hash",
    "tokens_of",
    "tokens_since",
]

_MOST_HERE = 20


def here(session: Session, organization_id: str, address: str) -> Sequence[Person]:
    """The organization's people with this address, whatever its case; those who were merged away are not there."""
    return _with_address(session, organization_id, address)


def elsewhere(session: Session, organization_id: str, address: str) -> list[Person]:
    """Other organizations' people with this address: account owners first, then by age of the record."""
    others = session.scalars(
        select(Organization.id).where(Organization.id != organization_id).order_by(Organization.id)
    )
    found = [each for other in others for each in _with_address(session, other, address)]
    found = [each for each in found if each.archived_at is None and each.account.archived_at is None]
    return sorted(found, key=lambda each: (each.account.owner_id != each.id, each.created_at, each.id))


def _with_address(session: Session, organization_id: str, address: str) -> list[Person]:
    dialect = session.get_bind().dialect.name
    indexed = select(PersonSearch.person_id).where(has_word(dialect, organization_id, compact(address)))
    wanted = select(Person).where(
        Person.organization_id == organization_id,
        Person.id.in_(indexed),
        func.lower(Person.email) == address,
        Person.merged_into.is_(None),
    )
    ordered = wanted.options(joinedload(Person.account)).order_by(Person.created_at, Person.id).limit(_MOST_HERE)
    return list(session.scalars(ordered))


def emails_of_identity(session: Session, identity_id: str, *, but_organization_id: str) -> set[str]:
    """The addresses that other organizations have for an identity, in small letters; "" where one has none."""
    wanted = select(func.lower(func.coalesce(Person.email, ""))).where(
        Person.identity_id == identity_id, Person.organization_id != but_organization_id
    )
    return set(session.scalars(wanted))


def token_by_hash(session: Session, token_hash: str, *, is_locked: bool) -> ClientToken | None:
    """A link by the digest of its token; locked until the commit if it is to be used."""
    wanted = select(ClientToken).where(ClientToken.token_hash == token_hash)
    if is_locked:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return session.scalars(wanted).one_or_none()


def tokens_of(session: Session, organization_id: str, account_id: str) -> Sequence[ClientToken]:
    """The links that were sent about an account, newest first."""
    wanted = select(ClientToken).where(
        ClientToken.organization_id == organization_id, ClientToken.account_id == account_id
    )
    return session.scalars(wanted.order_by(ClientToken.made_at.desc(), ClientToken.token_hash)).all()


def tokens_since(session: Session, person: Person, purpose: str, since: datetime) -> Sequence[datetime]:
    """When links of this purpose were sent to the person since then, newest first."""
    wanted = select(ClientToken.made_at).where(
        ClientToken.organization_id == person.organization_id,
        ClientToken.person_id == person.id,
        ClientToken.purpose == purpose,
        ClientToken.made_at > since,
    )
    return session.scalars(wanted.order_by(ClientToken.made_at.desc())).all()


def open_tokens(session: Session, person: Person, purpose: str) -> Sequence[ClientToken]:
    """The person's links that nobody has used yet."""
    wanted = select(ClientToken).where(
        ClientToken.organization_id == person.organization_id,
        ClientToken.person_id == person.id,
        ClientToken.purpose == purpose,
        ClientToken.used_at.is_(None),
    )
    return session.scalars(wanted.order_by(ClientToken.token_hash).with_for_update()).all()


def login_by_username(session: Session, username: str) -> ClientLogin | None:
    """Who signs in with this username."""
    return session.scalars(select(ClientLogin).where(ClientLogin.username == username)).one_or_none()


def is_username_taken(session: Session, username: str, *, but_identity_id: str) -> bool:
    """Whether somebody else has it."""
    wanted = select(ClientLogin.identity_id).where(
        ClientLogin.username == username, ClientLogin.identity_id != but_identity_id
    )
    return session.scalars(wanted.limit(1)).one_or_none() is not None


def session_by_hash(session: Session, token_hash: str) -> ClientSession | None:
    """A client's session by the digest of its cookie."""
    return session.get(ClientSession, token_hash)


def delete_sessions(
    session: Session, identity_id: str, *, but: str = "", expired_before: datetime | None = None
) -> None:
    """Ends a client's sessions: all, all but one, or those long over."""
    over = delete(ClientSession).where(ClientSession.identity_id == identity_id, ClientSession.token_hash != but)
    if expired_before is not None:
        over = over.where(ClientSession.expires_at < expired_before)
    session.execute(over)
