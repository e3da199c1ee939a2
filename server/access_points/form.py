"""Settings document <-> form. Pure: no database, no HTTP, no language but that of the decimal sign.

`filled` writes an access point's settings into a form, `read` reads a form back into a settings document, `changed`
(in `values`) adds, removes and moves rows. What a document holds beyond the form stays in it.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from access.domain.policy import AccessPoint as Policy
from server.access_points.choices import Choices
from server.access_points.fields import FIELDS
from server.access_points.rows import read_hours, read_order, read_rules, write_hours, write_rules
from server.access_points.values import Problem, Problems, Values, text
from server.models import AccessPoint

__all__ = ["SETTINGS", "Document", "Reading", "differing", "filled", "policy_of", "read"]

Document = dict[str, Any]

SETTINGS: Final = {
    "facility_id": "facility",
    "direction": "direction",
    "opening_hours": "hours",
    "balance": "balance",
    "capacity": "capacity",
    "anti_passback": "anti_passback",
    "duplicate_window_s": "duplicate_window",
    "missing_picture": "missing_picture",
    "kiosk": "kiosk",
    "pulse_ms": "pulse",
    "offline": "offline",
    "attendance": "attendance",
    "auto_exit_after_h": "auto_exit",
    "access_rules": "rules",
    "order": "order",
    "is_choice_offered": "is_choice_offered",
}
"""Every setting of the domain's access point and the part of the form that edits it (the first word of its fields)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a form says: a settings document that a door can follow, or the problems why there is none."""

    document: Document | None
    problems: Problems


def policy_of(document: Document) -> Policy:
    """The rules of a settings document. Raises pydantic's ValidationError for one that no door could follow."""
    return AccessPoint(id="draft", name_en="draft", name_fr="", site_id="", settings=document).policy()


def filled(point: Policy, language: str) -> Values:
    """The form of an access point's settings, as the language writes numbers."""
    values: Values = {"facility": [point.facility_id or ""], "order": read_order({"order": list(point.order)})}
    for field in FIELDS:
        value: Any = point
        for step in field.path:
            value = getattr(value, step)
        values |= field.write(value, language)
    write_hours(values, "hours", point.opening_hours)
    write_rules(values, point.access_rules)
    return values


def read(values: Values, choices: Choices, before: Document) -> Reading:
    """The settings document that the form makes of the one `before`; only what differs from the defaults is in it."""
    problems: Problems = {}
    document = copy.deepcopy(before)
    for field in FIELDS:
        value = field.read(values)
        if isinstance(value, Problem):
            problems[field.name] = value
        else:
            _put(document, field.path, value)
    document["facility_id"] = _facility(values, choices, problems)
    document["opening_hours"] = read_hours(values, "hours", problems)
    document["access_rules"] = read_rules(values, choices, problems, before.get("access_rules", ()))
    document["order"] = read_order(values)
    _check_together(document, problems)
    return Reading(None, problems) if problems else _checked(document)


def _put(document: Document, path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        document = document.setdefault(step, {})
    document[path[-1]] = value


def _facility(values: Values, choices: Choices, problems: Problems) -> str | None:
    chosen = text(values, "facility")
    if chosen and chosen not in {each.id for each in choices.facilities}:
        problems["facility"] = Problem("unknown_choice")
    return chosen or None


def _check_together(document: Document, problems: Problems) -> None:
    """What is wrong between fields that are right by themselves."""
    attendance, capacity = document["attendance"], document.get("capacity", {})
    if attendance["has_child_pick_up"] and not attendance["has_check_out"]:
        problems["attendance.has_child_pick_up"] = Problem("pick_up_needs_check_out")
    limit, warning_at = capacity.get("limit"), capacity.get("warning_at")
    if limit is not None and warning_at is not None and warning_at > limit:
        problems.setdefault("capacity.warning_at", Problem("warning_above_limit"))


def _checked(document: Document) -> Reading:
    try:
        return Reading(AccessPoint.settings_of(policy_of(document)), {})
    except ValidationError:
        return Reading(None, {"form": Problem("not_possible")})


def differing(one: Policy, other: Policy) -> list[str]:
    """The parts of the form that two access points have differently, as `SETTINGS` names them."""
    return [part for setting, part in SETTINGS.items() if getattr(one, setting) != getattr(other, setting)]
