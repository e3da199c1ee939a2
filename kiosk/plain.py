"""Values as JSON types: dataclasses as objects, instants in ISO 8601 UTC, days as ISO dates, enums as their words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

__all__ = ["instant", "plain"]


def instant(at: datetime) -> str:
    """ "2026-11-21T19:05:00Z"; an instant at the edge of time keeps its own offset."""
    try:
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return at.isoformat()


def plain(value: Any) -> Any:
    """The value in JSON types only."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return value
