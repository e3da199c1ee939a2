"""Where what cannot be taken in is kept: bounded, counted when it comes again, with an alarm; and alarms themselves."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from access.wire.canonical import MAX_MESSAGE_BYTES
from access.wire.topics import DeviceTopic
from server.ingest import repository
from server.models.events import Alarm, QuarantinedMessage

__all__ = ["MAX_KEPT_PER_DEVICE", "keep", "raise_alarm"]

MAX_KEPT_PER_DEVICE = 1_000
"""Of one device's messages that tell no place in its sequence; those that do are always kept."""


def keep(
    session: Session,
    identity: DeviceTopic,
    payload: bytes,
    *,
    reason: str,
    detail: str,
    now: datetime,
    seq: int | None = None,
    body_hash: str | None = None,
) -> None:
    """Keeps a message (its first 64 KB); its detail opens with the channel it came on. The same bytes
    of the same device again are only counted."""
    payload_hash = hashlib.sha256(payload).hexdigest()
    device_id = _plain(identity.device, 64)
    found = repository.quarantined(session, device_id, payload_hash)
    if found is not None:
        found.times += 1
        return
    if seq is None and repository.quarantined_count(session, device_id) >= MAX_KEPT_PER_DEVICE:
        raise_alarm(session, identity, "quarantine_full", device_id, {"kept": MAX_KEPT_PER_DEVICE}, now=now)
        return
    session.add(
        QuarantinedMessage(
            organization_id=_plain(identity.organization, 64),
            site_id=_plain(identity.site, 64),
            device_id=device_id,
            reason=reason,
            detail=_plain(f"{identity.channel}: {detail}" if detail else str(identity.channel), 400),
            seq=seq,
            body_hash=body_hash,
            payload=payload[:MAX_MESSAGE_BYTES],
            payload_size=len(payload),
            payload_hash=payload_hash,
            received_at=now,
        )
    )
    session.flush()


def raise_alarm(
    session: Session, identity: DeviceTopic, kind: str, subject: str, details: dict[str, Any], *, now: datetime
) -> None:
    """Raises an alarm for the organization's staff, unless the same one is still unsettled."""
    if repository.open_alarm(session, identity.organization, kind, subject) is None:
        session.add(
            Alarm(
                organization_id=identity.organization,
                kind=kind,
                subject=subject,
                details={"device": identity.device, **details},
                raised_at=now,
            )
        )
        session.flush()


def _plain(text: str, length: int) -> str:
    # PostgreSQL takes no NUL in text.
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")[:length]
