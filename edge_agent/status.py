"""What an access point says of itself, on its kiosk and to `/health`: connected, offline, or out of service and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

__all__ = ["Cause", "Condition", "PointStatus"]


class Condition(StrEnum):
    """The three conditions of a door."""

    CONNECTED = "connected"
    OFFLINE = "offline"
    OUT_OF_SERVICE = "out_of_service"


class Cause(StrEnum):
    """Why a door is out of service."""

    READER_LOST = "reader_lost"
    STORAGE = "storage"
    NOT_READY = "not_ready"
    FAULT = "fault"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class PointStatus:
    """The status of one access point; `data_as_of` is the centre's last word, when it is offline."""

    condition: Condition
    data_as_of: datetime | None = None
    cause: Cause | None = None

    @classmethod
    def of(
        cls,
        *,
        is_ledger_usable: bool,
        is_known: bool,
        are_readers_lost: bool,
        is_connected: bool,
        data_as_of: datetime | None,
        is_revoked: bool = False,
        is_failing: bool = False,
    ) -> PointStatus:
        """The worst that applies: ended, no record, no data, a scan that failed, no reader, no connection."""
        if is_revoked:
            return cls(Condition.OUT_OF_SERVICE, None, Cause.REVOKED)
        if not is_ledger_usable:
            return cls(Condition.OUT_OF_SERVICE, data_as_of, Cause.STORAGE)
        if not is_known:
            return cls(Condition.OUT_OF_SERVICE, data_as_of, Cause.NOT_READY)
        if is_failing:
            return cls(Condition.OUT_OF_SERVICE, data_as_of, Cause.FAULT)
        if are_readers_lost:
            return cls(Condition.OUT_OF_SERVICE, data_as_of, Cause.READER_LOST)
        if is_connected:
            return cls(Condition.CONNECTED)
        return cls(Condition.OFFLINE, data_as_of)

    def to_json(self) -> dict[str, Any]:
        """The kiosk's `status` message."""
        as_of = self.data_as_of.astimezone(UTC).isoformat().replace("+00:00", "Z") if self.data_as_of else None
        cause = self.cause.value if self.cause else None
        return {"type": "status", "connection": self.condition.value, "data_as_of": as_of, "cause": cause}
