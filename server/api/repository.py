"""Every query of the API. All but the look-up of a token are scoped to one organization."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.locks import hold_accounts, hold_people
from server.audit.subjects import SUBJECTS
from server.models import Account, ApiToken, AuditEntry, Event, Occurrence, PassUse, Person

__all__ = ["events", "held", "occurrences", "one", "page", "token_by_hash", "token_of", "tokens", "uses_counted"]

_UNCERTAIN: Final = timedelta(minutes=1)
"""An entry of the audit log is numbered after its instant was taken, in the same commit."""


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
    changed_since: datetime | None = None,
) -> Sequence[Any]:
    """Rows of a model by id, from behind `after`, whose columns equal what is given, changed since an instant."""
    wanted = select(model).where(model.organization_id == organization_id).options(*options)
    if changed_since is not None:
        wanted = wanted.where(*_changed(session, model, organization_id, changed_since))
    wanted = wanted.where(*(getattr(model, name) == value for name, value in equal.items() if value is not None))
    if after is not None:
        wanted = wanted.where(model.id > after)
    return session.scalars(wanted.order_by(model.id).limit(limit)).all()


def _changed(session: Session, model: Any, organization_id: str, since: datetime) -> list[ColumnElement[bool]]:
    """By the audit log, which tells of every change in the order of the commits. What is older than what is kept of
    it may have changed: then nothing is left out."""
    mine = AuditEntry.organization_id == organization_id
    before = select(AuditEntry.seq).where(mine, AuditEntry.at < _earlier(since))
    last_before = session.scalars(before.order_by(AuditEntry.seq.desc()).limit(1)).one_or_none()
    if last_before is None:
        return []
    told = select(AuditEntry.entity_id).where(
        mine, AuditEntry.entity == SUBJECTS[model].entity, AuditEntry.seq > last_before
    )
    return [model.id.in_(told)]


def _earlier(since: datetime) -> datetime:
    try:
        return since - _UNCERTAIN
    except OverflowError:
        return since


def one(
    session: Session,
    model: Any,
    organization_id: str,
    id_: str,
    options: Sequence[Any] = (),
) -> Any | None:
    """A row of the organization."""
    wanted = select(model).where(model.id == id_, model.organization_id == organization_id).options(*options)
    return session.scalars(wanted).one_or_none()


def held(session: Session, model: Any, organization_id: str, id_: str) -> Any | None:
    """A row of the organization as it is now, held until the commit; whose account it is comes first."""
    if model is Person:
        return hold_people(session, organization_id, [id_]).get(id_)
    if model is Account:
        return hold_accounts(session, organization_id, [id_]).get(id_)
    if hasattr(model, "account_id"):
        mine = model.id == id_, model.organization_id == organization_id
        hold_accounts(session, organization_id, session.scalars(select(model.account_id).where(*mine)).all())
    wanted = select(model).where(model.id == id_, model.organization_id == organization_id)
    return session.scalars(wanted.with_for_update(of=model).execution_options(populate_existing=True)).one_or_none()


def uses_counted(session: Session, multipass_ids: Collection[str]) -> dict[str, int]:
    """How many uses were taken of each pass."""
    counted = select(PassUse.multipass_id, func.count()).where(
        PassUse.multipass_id.in_(multipass_ids), PassUse.is_undone.is_(False)
    )
    return dict(session.execute(counted.group_by(PassUse.multipass_id)).all())


def occurrences(
    session: Session,
    activity_id: str,
    *,
    since: datetime | None,
    until: datetime | None,
    after: str | None,
    limit: int,
) -> Sequence[Occurrence]:
    """When an activity, of which the caller knows whose it is, takes place: by id, from behind `after`."""
    wanted = select(Occurrence).where(Occurrence.activity_id == activity_id)
    if since is not None:
        wanted = wanted.where(Occurrence.starts_at >= since)
    if until is not None:
        wanted = wanted.where(Occurrence.starts_at < until)
    if after is not None:
        wanted = wanted.where(Occurrence.id > after)
    return session.scalars(wanted.order_by(Occurrence.id).limit(limit)).all()


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
