"""API tokens: 256 random bits after `gh_`, shown once, kept as SHA-256, looked up anew at each request."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from server.api import repository
from server.api.scopes import Scope
from server.errors import NotFound
from server.models import ApiToken
from server.secrets import token_digest

__all__ = ["PREFIX", "Caller", "create_token", "find_caller", "revoke_token", "tokens_of", "used"]

PREFIX: Final = "gh_"
_FORM: Final = re.compile(r"gh_[A-Za-z0-9_-]{43}")
_USED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """A program with a token; `is_use_due` when its last use should be noted again."""

    token_id: str
    organization_id: str
    scopes: frozenset[str]
    is_use_due: bool = False


def create_token(
    session: Session,
    organization_id: str,
    *,
    name: str,
    scopes: Iterable[Scope],
    expires_at: datetime | None,
    created_by: str | None,
    now: datetime,
) -> str:
    """Makes a token; the answer is it, and is kept nowhere."""
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            organization_id=organization_id,
            name=name.strip()[:100],
            token_hash=token_digest(token),
            scopes=sorted({each.value for each in scopes}),
            created_by=created_by,
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return token


def find_caller(session: Session, token: str, *, now: datetime) -> Caller | None:
    """Who has this token, while it is good."""
    if not _FORM.fullmatch(token):
        return None
    row = repository.token_by_hash(session, token_digest(token))
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    is_due = row.last_used_at is None or now - row.last_used_at >= _USED_EVERY
    return Caller(row.id, row.organization_id, frozenset(row.scopes), is_due)


def used(session: Session, token_id: str, *, now: datetime) -> None:
    """Notes that a token was used."""
    row = session.get(ApiToken, token_id)
    if row is not None:
        row.last_used_at = now


def revoke_token(session: Session, organization_id: str, token_id: str, *, now: datetime) -> None:
    """Ends a token at once. Raises NotFound."""
    row = repository.token_of(session, organization_id, token_id)
    if row is None:
        raise NotFound("no such token")
    row.revoked_at = row.revoked_at or now


def tokens_of(session: Session, organization_id: str) -> Sequence[ApiToken]:
    """The organization's tokens: those in use first, the newest first."""
    return repository.tokens(session, organization_id)
