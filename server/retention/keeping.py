"""How long an organization keeps what: days by name, each with its default and its bounds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

__all__ = ["SPANS", "Keeping", "Span", "refused"]


@dataclass(frozen=True, slots=True)
class Span:
    """Days: what is kept unless an organization says otherwise, and what it may say."""

    default: int
    least: int
    most: int


SPANS: Final[Mapping[str, Span]] = MappingProxyType(
    {
        "movements": Span(90, 7, 3650),
        "archived": Span(730, 30, 7300),
        "audit": Span(2555, 365, 7300),
        "alarms": Span(365, 7, 3650),
        "mails": Span(30, 7, 3650),
        "imports": Span(30, 1, 3650),
        "quarantine": Span(90, 7, 3650),
        "sessions": Span(30, 1, 3650),
        "pictures": Span(365, 7, 7300),
    }
)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Days by the names of `SPANS`."""

    days: Mapping[str, int]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Keeping:
        """From an organization's settings; what is missing or cannot be has its default."""
        return cls({name: _days(span, document.get(name)) for name, span in SPANS.items()})

    def before(self, name: str, now: datetime) -> datetime:
        """What is older than this instant goes."""
        return now - timedelta(days=self.days[name])


def refused(days: Mapping[str, int]) -> dict[str, str]:
    """What cannot be set, and why: out_of_bounds, or shorter_than_movements of a log that vouches for them."""
    found = {name: "out_of_bounds" for name, span in SPANS.items() if not span.least <= days.get(name, 0) <= span.most}
    if not found and days["audit"] < days["movements"]:
        found["audit"] = "shorter_than_movements"
    return found


def _days(span: Span, value: Any) -> int:
    is_days = isinstance(value, int) and not isinstance(value, bool) and span.least <= value <= span.most
    return value if is_days else span.default
