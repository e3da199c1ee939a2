"""Every query of the API. All but the look-up of a token are scoped to one organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.models import ApiToken, Event

__all__ = ["events", "one", "page", "token_by_hash", "token_of", "tokens"]


def token_by_hash(session: Session, token_hash: str) -> ApiToken | None:
    """The token with this hash."""
    return session.scalars(select(ApiToken).where(ApiToken.token_hash == token_hash)).one_or_none()


def token_of(session: Session, organization_id: str, token_id: str) -> ApiToken | None:
    """A token of the organization."""
    wanted = select(ApiToken).where(ApiToken.id == token_id, ApiToken.organization_id == organization_id)
    return session.scalars(wanted).one_or_none()


def tokens(session: Session, organization_id: str) -> Sequence[ApiToken]:
    """All tokens of the organization, revoked ones last."""
    wanted = select(ApiToken).where(ApiToken.organization_id == organization_id)
    return session.scalars(
        wanted.order_by(ApiToken.revoked_at.is_not(None), ApiToken.created_at.desc(), ApiToken.id)
    ).all()


def page(
    session: Session,
    model: Any,
    organization_id: str,
    *,
    equal: Mapping[str, Any],
    after: str | None,
    limit: int,
    options: Sequence[Any] = (),
) -> Sequence[Any]:
    """Rows of a model by id, from behind `after`, whose columns equal what is given."""
    wanted = select(model).where(model.organization_id == organization_id).options(*options)
    wanted = wanted.where(*(getattr(model, name) == value for name, value in equal.items() if value is not None))
    if after is not None:
        wanted = wanted.where(model.id > after)
    return session.scalars(wanted.order_by(model.id).limit(limit)).all()


def one(session: Session, model: Any, organization_id: str, id_: str, options: Sequence[Any] = ()) -> Any | None:
    """A row of the organization."""
    wanted = select(model).where(model.id == id_, model.organization_id == organization_id).options(*options)
    return session.scalars(wanted).one_or_none()


def events(
    session: Session,
    organization_id: str,
    *,
    equal: Mapping[str, Any],
    since: datetime | None,
    until: datetime | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Event]:
    """Events, the newest first, from behind `before`."""
    wanted = select(Event).where(Event.organization_id == organization_id)
    wanted = wanted.where(*(getattr(Event, name) == value for name, value in equal.items() if value is not None))
    if since is not None:
        wanted = wanted.where(Event.occurred_at >= since)
    if until is not None:
        wanted = wanted.where(Event.occurred_at < until)
    if before is not None:
        at, id_ = before
        wanted = wanted.where(Event.occurred_at <= at, or_(Event.occurred_at < at, Event.id < id_))
    return session.scalars(wanted.order_by(Event.occurred_at.desc(), Event.id.desc()).limit(limit)).all()
