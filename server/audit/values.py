"""A row's values as the audit log keeps them: JSON, with secrets left out and codes masked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final

__all__ = ["CHANGED", "PART", "merged", "plain", "tail"]

CHANGED: Final = "changed"
"""What stands in place of a secret's values."""
PART: Final = ("people", "pauses", "tags", "access_points")
"""Lists of members: before the arrow those that left, after it those that came."""


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, int | str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return str(value)


def tail(code: str | None) -> str | None:
    """A card's code with all but its last characters hidden."""
    if not code:
        return code
    shown = min(4, len(code) // 3)
    return "•" * min(8, len(code) - shown) + (code[-shown:] if shown else "")


def merged(first: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """Two changes of one row, one after the other, as one; what came back to where it was is no change."""
    both = dict(first)
    for name, change in then.items():
        if name not in both or change == CHANGED:
            both[name] = change
        elif name in PART:
            left, came = both[name][0] + change[0], both[name][1] + change[1]
            both[name] = [[each for each in left if each not in came], [each for each in came if each not in left]]
        elif both[name] != CHANGED:
            both[name] = [both[name][0], change[1]]
    return {name: change for name, change in both.items() if change == CHANGED or change[0] != change[1]}
