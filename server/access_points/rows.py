"""The rows of the settings form: opening hours, access rules with their own hours, and the order of consumption."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from typing import Any, Final

from access.domain.instants import ALL_DAYS, Hours
from access.domain.policy import DEFAULT_ORDER, AccessRule, AccessType, Window, WindowKind
from server.access_points.choices import Choices
from server.access_points.fields import Whole
from server.access_points.values import Problem, Problems, Values, text

__all__ = ["DATED", "FRESH", "MINUTES", "read_hours", "read_order", "read_rules", "write_hours", "write_rules"]

DATED: Final = (AccessType.SESSION, AccessType.DROP_IN, AccessType.PRIVATE_LESSON, AccessType.FACILITY_BOOKING)
"""The access types that happen at a time, and so have a window."""
MINUTES: Final = Whole("minutes", ("minutes_before",), most=10_080)
FRESH: Final[dict[str, Values]] = {
    "hours": {"days": ["1", "2", "3", "4", "5"], "opens": ["08:00"], "closes": ["20:00"]},
    "rules": {"type": ["membership"], "scope": ["all"], "window": ["on_the_day"], "minutes": [""]},
}
"""What a new row holds."""


def write_hours(values: Values, name: str, hours: Iterable[Hours]) -> None:
    """Puts the rows of some hours into the form."""
    values[name] = []
    for key, each in enumerate(hours):
        values[name].append(str(key))
        values[f"{name}.{key}.days"] = [str(day) for day in each.days]
        values[f"{name}.{key}.opens"] = [_clock(each.opens)]
        values[f"{name}.{key}.closes"] = [_clock(each.closes)]


def _clock(at: time) -> str:
    return at.isoformat("minutes") if at.second == 0 and at.microsecond == 0 else at.isoformat()


def read_hours(values: Values, name: str, problems: Problems) -> list[dict[str, Any]]:
    """The hours of the rows; what is wrong with them is added to `problems`."""
    return [_read_row(values, f"{name}.{key}", problems) for key in values.get(name, ())]


def _read_row(values: Values, row: str, problems: Problems) -> dict[str, Any]:
    ticked = set(values.get(f"{row}.days", ()))
    days = [day for day in ALL_DAYS if str(day) in ticked]
    if not days:
        problems[f"{row}.days"] = Problem("days_missing")
    clocks = {edge: _read_clock(values, f"{row}.{edge}", problems) for edge in ("opens", "closes")}
    return {"days": days, **clocks}


def _read_clock(values: Values, name: str, problems: Problems) -> str:
    said = re.sub(r"\s*h\s*", ":", text(values, name))
    try:
        at = time.fromisoformat(said if said[1:2] != ":" else f"0{said}")
    except ValueError:
        at = None
    if at is None or at.tzinfo is not None:
        problems[name] = Problem("not_time" if said else "required")
        return "00:00:00"
    return at.isoformat()


def write_rules(values: Values, rules: Iterable[AccessRule]) -> None:
    """Puts the rows of the access rules into the form."""
    values["rules"] = []
    for key, rule in enumerate(rules):
        row = f"rules.{key}"
        values["rules"].append(str(key))
        values[f"{row}.type"] = [rule.type.value]
        values[f"{row}.scope"] = ["chosen" if rule.chosen else "all"]
        values[f"{row}.chosen.{rule.type.value}"] = list(rule.chosen)
        values[f"{row}.window"] = [rule.window.kind.value]
        values[f"{row}.minutes"] = ["" if rule.window == Window() else str(rule.window.minutes_before)]
        write_hours(values, f"{row}.hours", rule.schedule)


def read_rules(
    values: Values, choices: Choices, problems: Problems, before: Iterable[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The access rules of the rows; what is wrong with them is added to `problems`.

    A page lists things by name; the same things as in a rule of `before` stay in that rule's order.
    """
    rules = [_read_rule(values, f"rules.{key}", choices, problems) for key in values.get("rules", ())]
    known = [(rule["type"], list(rule.get("chosen", ()))) for rule in before]
    for rule in rules:
        same = (ids for type_, ids in known if type_ == rule.get("type") and set(ids) == set(rule["chosen"]))
        rule.update({"chosen": ids} if (ids := next(same, None)) is not None else {})
    return rules


def _read_rule(values: Values, row: str, choices: Choices, problems: Problems) -> dict[str, Any]:
    type_ = text(values, f"{row}.type")
    if type_ not in set(AccessType):
        problems[f"{row}.type"] = Problem("choose")
        return {}
    return {
        "type": type_,
        "chosen": _read_chosen(values, row, AccessType(type_), choices, problems),
        "schedule": read_hours(values, f"{row}.hours", problems),
        "window": _read_window(values, row, problems),
    }


def _read_chosen(values: Values, row: str, type_: AccessType, choices: Choices, problems: Problems) -> list[str]:
    scope, name = text(values, f"{row}.scope"), f"{row}.chosen.{type_.value}"
    if scope == "all":
        return []
    chosen = list(dict.fromkeys(values.get(name, ())))
    if scope != "chosen":
        problems[f"{row}.scope"] = Problem("choose")
    elif not chosen:
        problems[name] = Problem("chosen_missing")
    elif not choices.has_all(type_, chosen):
        problems[name] = Problem("unknown_choice")
    return chosen


def _read_window(values: Values, row: str, problems: Problems) -> dict[str, Any]:
    kind, minutes = text(values, f"{row}.window"), text(values, f"{row}.minutes")
    if kind not in set(WindowKind):
        problems[f"{row}.window"] = Problem("choose")
        return {}
    if kind == WindowKind.ON_THE_DAY and not minutes:
        return {"kind": kind}
    read = MINUTES.read({"minutes": [minutes]})
    if isinstance(read, Problem):
        problems[f"{row}.minutes"] = read
        return {}
    return {"kind": kind, "minutes_before": read}


def read_order(values: Values) -> list[str]:
    """Every class once: those that the form lists, in its order, then the others as they are by default."""
    known = [each.value for each in DEFAULT_ORDER]
    return list(dict.fromkeys([*(each for each in values.get("order", ()) if each in known), *known]))
