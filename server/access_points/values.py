"""What a form holds and what is wrong with it. Texts only: a field's name, its values in their order, its problem.

A list of rows is a field too: `hours` holds the rows' keys in their order, `hours.3.opens` is a field of row 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["PROBLEMS", "Form", "Problem", "Problems", "Values", "changed", "text", "values_of"]

Values = dict[str, list[str]]

PROBLEMS: Final = (
    "required",
    "choose",
    "unknown_choice",
    "not_whole",
    "not_amount",
    "not_seconds",
    "too_small",
    "too_large",
    "too_long",
    "days_missing",
    "not_time",
    "chosen_missing",
    "pick_up_needs_check_out",
    "warning_above_limit",
    "not_possible",
)
_LIST = re.compile(r"(?:hours|rules|order)(?:\.\d{1,6}\.hours)?")
_ACTION = re.compile(r"(add|remove|up|down) (\S+)(?: (\w{1,40}))?")
_MOST_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a value is refused: one of `PROBLEMS`, and the details its text names."""

    code: str
    details: Mapping[str, object] = field(default_factory=dict)


Problems = dict[str, Problem]
"""By the field beside which the problem is said."""


@dataclass(frozen=True, slots=True)
class Form:
    """A filled form as a page draws it."""

    values: Values
    problems: Problems = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The field's value; empty when there is none."""
        return text(self.values, name)

    def all(self, name: str) -> list[str]:
        """Every value of the field: a list's rows, the ticks of a group."""
        return self.values.get(name, [])

    def has(self, name: str, value: str = "on") -> bool:
        """Whether the value is chosen or ticked."""
        return value in self.values.get(name, ())


def text(values: Values, name: str) -> str:
    """The first value of a field without spaces around it; empty when there is none."""
    found = values.get(name) or [""]
    return found[0].strip()


def values_of(pairs: Iterable[tuple[str, Any]]) -> Values:
    """The values of a form as it was sent; files are no settings. Repeated and too many keys of rows are dropped."""
    values: Values = {}
    for name, value in pairs:
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
    for name, keys in values.items():
        if _LIST.fullmatch(name):
            values[name] = list(dict.fromkeys(keys))[:_MOST_ROWS]
    return values


def changed(values: Values, action: str, fresh: Mapping[str, Values]) -> Values | None:
    """The form after "add hours", "remove hours 3", "up order membership" or "down ..."; None for no such action.

    `fresh` has the values of a new row by the last part of its list's name; their names are relative to the row.
    """
    asked = _ACTION.fullmatch(action)
    if asked is None or not _LIST.fullmatch(asked[2]):
        return None
    verb, name, key = asked.groups()
    keys = list(values.get(name, ()))
    if verb == "add":
        return _added(values, name, keys, fresh.get(name.rsplit(".", 1)[-1]))
    if key not in keys:
        return values
    place = keys.index(key)
    if verb == "remove":
        kept = {each: found for each, found in values.items() if not each.startswith(f"{name}.{key}.")}
        return {**kept, name: [each for each in keys if each != key]}
    other = place + (1 if verb == "down" else -1)
    if 0 <= other < len(keys):
        keys[place], keys[other] = keys[other], keys[place]
    return {**values, name: keys}


def _added(values: Values, name: str, keys: list[str], row: Values | None) -> Values | None:
    if row is None:
        return None
    if len(keys) >= _MOST_ROWS:
        return values
    key = str(max((int(each) for each in keys if each.isdigit()), default=-1) + 1)
    return {**values, name: [*keys, key], **{f"{name}.{key}.{each}": list(found) for each, found in row.items()}}
