"""What a webhook is told: a small document with a version. No name, no picture, no memo, no balance: ids only."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from server.models import Event

__all__ = ["VERSION", "document", "to_bytes"]

VERSION: Final = 1


def document(event: Event) -> dict[str, Any]:
    """The document about an event. Fields may be added to a version; none changes its meaning."""
    return {
        "version": VERSION,
        "id": event.id,
        "type": f"event.{event.kind}",
        "timestamp": _instant(event.occurred_at),
        "data": {
            "kind": event.kind,
            "outcome": event.outcome,
            "reasons": event.reasons,
            "flags": event.flags,
            "organization_id": event.organization_id,
            "site_id": event.site_id,
            "access_point_id": event.access_point_id,
            "device_id": event.device_id,
            "account_id": event.account_id,
            "person_id": event.person_id,
            "pass_type": event.pass_type,
            "pass_id": event.pass_id,
            "credential_kind": event.credential_kind,
            "is_offline": event.is_offline,
            "refers_to": event.refers_to,
            "occurred_at": _instant(event.occurred_at),
            "recorded_at": _instant(event.recorded_at),
        },
    }


def to_bytes(content: dict[str, Any]) -> bytes:
    """The body that is signed and sent."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
