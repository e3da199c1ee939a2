"""Clients who sign in: usernames, sessions, and changing one's own username and password. Nobody else changes them.

A session's cookie is 256 random bits, of which only the SHA-256 is kept.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server.audit.actor import Actor, acting
from server.creating import repository
from server.creating.errors import SignInRefused, UsernameRefused
from server.db import Database
from server.errors import TooManyAttempts
from server.identities.repository import rows_of
from server.models import ClientLogin, ClientSession
from server.secrets import token_digest
from server.staff.passwords import hash_password, verify_password
from server.staff.throttle import LoginThrottle

__all__ = [
    "Client",
    "canonical_username",
    "change_password",
    "change_username",
    "check_username",
    "log_in",
    "log_out",
    "signed_in",
]

SESSION_LIMIT: Final = timedelta(hours=12)
IDLE_LIMIT: Final = timedelta(minutes=30)
_SEEN_EVERY: Final = timedelta(minutes=1)
_LEAST, _MOST = 3, 254
_USERNAME_WAIT_S: Final = 2.0
_LETTERS: Final = re.compile(r"[\w.@+'-]+")


@dataclass(frozen=True, slots=True)
class Client:
    """Who is signed in."""

    identity_id: str
    username: str
    token_hash: str
    language: str | None


def canonical_username(typed: str) -> str:
    """The form in which a username signs in: trimmed, composed, in small letters."""
    return unicodedata.normalize("NFKC", typed).strip().lower()[: _MOST + 1]


def check_username(session: Session, identity_id: str, name: str) -> None:
    """Raises UsernameRefused. One that looks like an e-mail address must be the client's own."""
    if len(name) < _LEAST:
        raise UsernameRefused("too_short")
    if len(name) > _MOST:
        raise UsernameRefused("too_long")
    if not _LETTERS.fullmatch(name):
        raise UsernameRefused("bad_letters")
    if "@" in name and name not in {(each.email or "").lower() for each in rows_of(session, identity_id)}:
        raise UsernameRefused("not_yours")
    if repository.is_username_taken(session, name, but_identity_id=identity_id):
        raise UsernameRefused("taken")


def log_in(
    database: Database,
    throttle: LoginThrottle,
    *,
    username: str,
    password: str,
    address: str,
    monotonic_s: float,
    now: datetime,
) -> str:
    """Checks a login and starts a session; answers the cookie's token. Raises TooManyAttempts and SignInRefused."""
    name = canonical_username(username)
    # For the username alone only moments: failures that somebody else makes must not lock a person out.
    both, here, name_key = f"both:{address} {name}", f"address:{address}", f"name:{name}"
    if wait_s := throttle.take(both, here, name_key, now=monotonic_s, most_s={name_key: _USERNAME_WAIT_S}):
        raise TooManyAttempts(wait_s)
    with database.read() as session:
        login = repository.login_by_username(session, name)
    if not verify_password(login.password_hash if login else None, password) or login is None:
        raise SignInRefused
    throttle.succeeded(both, name_key)
    throttle.give_back(here)
    return start_session(database, login.identity_id, now=now)


def start_session(database: Database, identity_id: str, *, now: datetime) -> str:
    """A new session; its token is returned and stored nowhere."""
    token = secrets.token_urlsafe(32)
    with database.write() as session:
        repository.delete_sessions(session, identity_id, expired_before=now)
        session.add(
            ClientSession(
                token_hash=token_digest(token),
                identity_id=identity_id,
                created_at=now,
                last_seen_at=now,
                expires_at=now + SESSION_LIMIT,
            )
        )
    return token


def signed_in(database: Database, token: str, *, now: datetime) -> Client | None:
    """Who holds the token; None when it opens nothing (any more)."""
    if not token:
        return None
    with database.read() as session:
        found = repository.session_by_hash(session, token_digest(token))
        if found is None or found.expires_at <= now or found.last_seen_at + IDLE_LIMIT <= now:
            return None
        login = session.get(ClientLogin, found.identity_id)
        if login is None:
            return None
        languages = [each.language for each in rows_of(session, found.identity_id) if each.language]
        client = Client(found.identity_id, login.username, found.token_hash, languages[0] if languages else None)
        is_due = found.last_seen_at + _SEEN_EVERY <= now
    if is_due:
        with database.write() as session:
            kept = repository.session_by_hash(session, client.token_hash)
            if kept is not None:
                kept.last_seen_at = now
    return client


def log_out(database: Database, client: Client) -> None:
    """Ends the session."""
    with database.write() as session:
        found = repository.session_by_hash(session, client.token_hash)
        if found is not None:
            session.delete(found)


def change_username(
    database: Database, throttle: LoginThrottle, client: Client, username: str, *, monotonic_s: float, now: datetime
) -> None:
    """Another username. Raises UsernameRefused, and TooManyAttempts after several that were taken."""
    key = f"username:{client.identity_id}"
    if wait_s := throttle.take(key, now=monotonic_s):
        raise TooManyAttempts(wait_s)
    name, was_taken = canonical_username(username), False
    try:
        with acting(Actor("client", client.identity_id)), database.write() as session:
            login = session.get_one(ClientLogin, client.identity_id)
            if name != login.username:
                check_username(session, client.identity_id, name)
                login.username, login.changed_at = name, now
    except IntegrityError as error:
        was_taken = True
        raise UsernameRefused("taken") from error
    except UsernameRefused as refused:
        was_taken = refused.code == "taken"
        raise
    finally:
        if not was_taken:
            throttle.give_back(key)


def change_password(
    database: Database,
    throttle: LoginThrottle,
    client: Client,
    *,
    old: str,
    new: str,
    monotonic_s: float,
    now: datetime,
) -> None:
    """A new password, if the old one is right; every other session ends.

    Raises SignInRefused, TooManyAttempts and WeakPassword.
    """
    key = f"password:{client.identity_id}"
    if wait_s := throttle.take(key, now=monotonic_s):
        raise TooManyAttempts(wait_s)
    with database.read() as session:
        kept = session.get_one(ClientLogin, client.identity_id).password_hash
    if not verify_password(kept, old):
        raise SignInRefused
    throttle.succeeded(key)
    hashed = hash_password(new)
    with acting(Actor("client", client.identity_id)), database.write() as session:
        login = session.get_one(ClientLogin, client.identity_id)
        login.password_hash, login.changed_at = hashed, now
        repository.delete_sessions(session, client.identity_id, but=client.token_hash)
