"""How long an organization keeps what: days by name, each with its default and its bounds. Pure.

What has no default is kept for ever until an organization sets days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

__all__ = ["SPANS", "Keeping", "Span", "refused"]


@dataclass(frozen=True, slots=True)
class Span:
    """Days: what is kept unless an organization says otherwise, and what it may say. None is for ever."""

    default: int | None
    least: int
    most: int


SPANS: Final[Mapping[str, Span]] = MappingProxyType(
    {
        "movements": Span(90, 7, 3650),
        "archived": Span(None, 30, 7300),
        "audit": Span(2555, 365, 7300),
        "alarms": Span(365, 7, 3650),
        "mails": Span(30, 7, 3650),
        "imports": Span(30, 1, 3650),
        "quarantine": Span(90, 7, 3650),
        "sessions": Span(30, 1, 3650),
        "pictures": Span(365, 7, 7300),
    }
)


_BEFORE_EVERYTHING: Final = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Days by the names of `SPANS`; None is for ever."""

    days: Mapping[str, int | None]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Keeping:
        """From an organization's settings; what is missing or cannot be has its default."""
        return cls({name: _days(span, document.get(name)) for name, span in SPANS.items()})

    def before(self, name: str, now: datetime) -> datetime:
        """What is older than this instant goes."""
        days = self.days[name]
        return _BEFORE_EVERYTHING if days is None else now - timedelta(days=days)


def refused(days: Mapping[str, int | None]) -> dict[str, str]:
    """What cannot be set, and why: out_of_bounds, or shorter_than_movements of a log that vouches for them."""
    found = {name: "out_of_bounds" for name, span in SPANS.items() if not _may_be(span, days.get(name))}
    if not found and (days["audit"] or 0) < (days["movements"] or 0):
        found["audit"] = "shorter_than_movements"
    return found


def _may_be(span: Span, days: int | None) -> bool:
    return span.default is None if days is None else span.least <= days <= span.most


def _days(span: Span, value: Any) -> int | None:
    is_days = isinstance(value, int) and not isinstance(value, bool) and span.least <= value <= span.most
    return value if is_days else span.default
