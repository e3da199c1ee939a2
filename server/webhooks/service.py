"""Webhooks of an organization: made, paused, ended, told again; and the rows of what each still has to hear of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from access.wire.events import EventKind
from server.errors import NotFound
from server.models import Event, Webhook, WebhookDelivery, new_id
from server.secrets import SecretBox
from server.webhooks import repository
from server.webhooks.addresses import check_url
from server.webhooks.secrets import new_secret

__all__ = ["AGAIN", "create_webhook", "delete_webhook", "queue_deliveries", "redeliver", "set_active"]


AGAIN = "again"
"""The `error` of a delivery that a member of staff asked for once more."""


def create_webhook(
    session: Session,
    organization_id: str,
    *,
    url: str,
    kinds: Iterable[EventKind],
    box: SecretBox,
    may_be_private: bool,
    created_by: str | None,
    now: datetime,
) -> str:
    """Makes a webhook; the answer is its secret, shown this once. Raises AddressRefused."""
    check_url(url, may_be_private=may_be_private)
    id_, secret = new_id(), new_secret()
    session.add(
        Webhook(
            id=id_,
            organization_id=organization_id,
            url=url,
            secret=box.close(secret.encode(), id_),
            kinds=sorted({each.value for each in kinds}),
            created_by=created_by,
            created_at=now,
        )
    )
    session.flush()
    return secret


def set_active(session: Session, organization_id: str, webhook_id: str, *, is_active: bool) -> None:
    """Pauses a webhook, or goes on: what came meanwhile is not made up for. Raises NotFound."""
    _webhook(session, organization_id, webhook_id).is_active = is_active


def delete_webhook(session: Session, organization_id: str, webhook_id: str) -> None:
    """Ends a webhook, with what it still had to hear of. Raises NotFound."""
    webhook = _webhook(session, organization_id, webhook_id)
    repository.delete_deliveries(session, webhook.id)
    session.delete(webhook)


def redeliver(session: Session, organization_id: str, delivery_id: str, *, now: datetime) -> WebhookDelivery:
    """Has an event told again, even while its webhook is left alone. Raises NotFound."""
    delivery = repository.delivery_of(session, organization_id, delivery_id)
    if delivery is None:
        raise NotFound("no such delivery")
    delivery.next_at, delivery.delivered_at, delivery.given_up_at = now, None, None
    delivery.attempts, delivery.error = 0, AGAIN
    return delivery


def queue_deliveries(session: Session, organization_id: str, events: Iterable[Event], *, now: datetime) -> None:
    """Writes down who has to hear of events, in the transaction that records them."""
    recorded = list(events)
    if not recorded:
        return
    for webhook in repository.active_webhooks(session, organization_id):
        wanted = set(webhook.kinds)
        session.add_all(
            WebhookDelivery(
                organization_id=organization_id, webhook_id=webhook.id, event_id=event.id, made_at=now, next_at=now
            )
            for event in recorded
            if not wanted or event.kind in wanted
        )


def _webhook(session: Session, organization_id: str, webhook_id: str) -> Webhook:
    webhook = repository.webhook_of(session, organization_id, webhook_id)
    if webhook is None:
        raise NotFound("no such webhook")
    return webhook
