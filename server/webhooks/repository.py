"""Queries about webhooks and their deliveries. The sender's own go across organizations; all others are scoped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from server.models import Alarm, Event, Webhook, WebhookDelivery

__all__ = [
    "active_webhooks",
    "asked_again",
    "delete_deliveries",
    "delivery_of",
    "due",
    "due_webhooks",
    "events_by_id",
    "expire",
    "next_due_at",
    "open_alarm",
    "recent",
    "waiting_counts",
    "webhook_of",
    "webhooks",
]


def active_webhooks(session: Session, organization_id: str) -> Sequence[Webhook]:
    """Those that are told of events."""
    wanted = select(Webhook).where(Webhook.organization_id == organization_id, Webhook.is_active)
    return session.scalars(wanted).all()


def webhooks(session: Session, organization_id: str) -> Sequence[Webhook]:
    """All of an organization's, the newest first."""
    wanted = select(Webhook).where(Webhook.organization_id == organization_id)
    return session.scalars(wanted.order_by(Webhook.created_at.desc(), Webhook.id)).all()


def webhook_of(session: Session, organization_id: str, webhook_id: str) -> Webhook | None:
    """One of them."""
    wanted = select(Webhook).where(Webhook.id == webhook_id, Webhook.organization_id == organization_id)
    return session.scalars(wanted).one_or_none()


def delivery_of(session: Session, organization_id: str, delivery_id: str) -> WebhookDelivery | None:
    """One delivery."""
    wanted = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.organization_id == organization_id
    )
    return session.scalars(wanted).one_or_none()


def delete_deliveries(session: Session, webhook_id: str) -> None:
    """Forgets what a webhook was told and had to hear of."""
    gone = delete(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
    session.execute(gone.execution_options(synchronize_session=False))


def recent(session: Session, organization_id: str, webhook_id: str, *, limit: int) -> list[Any]:
    """The newest deliveries of a webhook, each with its event's kind."""
    wanted = (
        select(WebhookDelivery, Event.kind)
        .join(Event, Event.id == WebhookDelivery.event_id, isouter=True)
        .where(WebhookDelivery.organization_id == organization_id, WebhookDelivery.webhook_id == webhook_id)
        .order_by(WebhookDelivery.made_at.desc(), WebhookDelivery.id.desc())
    )
    return list(session.execute(wanted.limit(limit)).all())


def waiting_counts(session: Session, organization_id: str) -> dict[str, int]:
    """How many deliveries still wait, by webhook."""
    wanted = select(WebhookDelivery.webhook_id, func.count()).where(
        WebhookDelivery.organization_id == organization_id, WebhookDelivery.next_at.is_not(None)
    )
    return dict(session.execute(wanted.group_by(WebhookDelivery.webhook_id)).all())


def asked_again(session: Session) -> set[str]:
    """The webhooks of deliveries that somebody asked for once more."""
    wanted = select(WebhookDelivery.webhook_id).where(
        WebhookDelivery.next_at.is_not(None), WebhookDelivery.attempts == 0, WebhookDelivery.error != ""
    )
    return set(session.scalars(wanted))


def due_webhooks(session: Session, now: datetime) -> Sequence[Webhook]:
    """The active webhooks with something due."""
    waiting = select(WebhookDelivery.webhook_id).where(
        WebhookDelivery.delivered_at.is_(None), WebhookDelivery.next_at <= now
    )
    return session.scalars(select(Webhook).where(Webhook.is_active, Webhook.id.in_(waiting))).all()


def due(session: Session, webhook_id: str, now: datetime, *, limit: int) -> Sequence[WebhookDelivery]:
    """What a webhook has to hear of now, oldest first."""
    wanted = select(WebhookDelivery).where(
        WebhookDelivery.webhook_id == webhook_id,
        WebhookDelivery.delivered_at.is_(None),
        WebhookDelivery.next_at <= now,
    )
    order = (WebhookDelivery.error != "again", WebhookDelivery.made_at, WebhookDelivery.event_id)
    return session.scalars(wanted.order_by(*order).limit(limit)).all()


def next_due_at(session: Session) -> datetime | None:
    """When the next delivery of an active webhook is due."""
    wanted = select(func.min(WebhookDelivery.next_at)).where(
        WebhookDelivery.delivered_at.is_(None),
        WebhookDelivery.webhook_id.in_(select(Webhook.id).where(Webhook.is_active)),
    )
    return session.scalar(wanted)


def events_by_id(session: Session, organization_id: str, ids: Collection[str]) -> dict[str, Event]:
    """The organization's events with these ids."""
    wanted = select(Event).where(Event.organization_id == organization_id, Event.id.in_(ids))
    return {each.id: each for each in session.scalars(wanted)}


def expire(session: Session, webhook_id: str, *, made_before: datetime, now: datetime) -> int:
    """Gives up what has waited too long; how many."""
    given_up = (
        update(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == webhook_id,
            WebhookDelivery.next_at.is_not(None),
            WebhookDelivery.made_at < made_before,
        )
        .values(next_at=None, given_up_at=now)
        .execution_options(synchronize_session=False)
    )
    result: Any = session.execute(given_up)
    return int(result.rowcount)


def open_alarm(session: Session, organization_id: str, subject: str) -> Alarm | None:
    """The unsettled alarm about a webhook."""
    wanted = select(Alarm).where(
        Alarm.organization_id == organization_id,
        Alarm.kind == "webhook_given_up",
        Alarm.subject == subject,
        Alarm.settled_at.is_(None),
    )
    return session.scalars(wanted.limit(1)).one_or_none()
