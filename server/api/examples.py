"""What programs send, as the description shows it: the records of one family, which can be put in one after another."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

__all__ = ["EMAIL", "MARK", "NEW_ACCOUNT", "RECORDS"]

RECORDS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "accounts": {"external_id": "F-1", "name": "Roy"},
        "people": {
            "external_id": "P-1",
            "member_id": "000123",
            "account": "F-1",
            "first_name": "Maya",
            "last_name": "Roy",
            "date_of_birth": "1985-04-30",
            "language": "fr",
            "email": "maya@example.org",
            "admin_note": "Parks behind the arena.\nHas a key for locker 12.",
        },
        "memberships": {
            "external_id": "M-1",
            "type": "FAMILY",
            "people": ["000123"],
            "starts_on": "2026-01-01",
            "ends_on": "2026-12-31",
            "pauses": [{"first_on": "2026-07-01", "last_on": "2026-07-31"}],
        },
        "multipasses": {
            "external_id": "L-1",
            "type": "SWIM5",
            "person": "P-1",
            "purchased_on": "2026-01-10",
            "used": 2,
        },
        "registrations": {"external_id": "R-1", "activity": "LANE", "person": "P-1", "status": "waiting"},
        "cards": {"person": "P-1", "kind": "barcode", "code": "000123"},
        "balances": {
            "external_id": "I-1",
            "account": "F-1",
            "amount_cents": 4250,
            "due_on": "2026-03-01",
            "description": "Swimming lessons",
        },
    }
)
EMAIL: Final[Mapping[str, Any]] = MappingProxyType({"email": "maya@example.org"})
NEW_ACCOUNT: Final[Mapping[str, Any]] = MappingProxyType(
    {"first_name": "Maya", "last_name": "Roy", "email": "maya@example.org", "language": "fr", "city": "Gatineau"}
)
MARK: Final[Mapping[str, Any]] = MappingProxyType({"do": "in", "event_id": None})
