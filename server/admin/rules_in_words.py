"""An access point's rules in words, part by part as its form has them, and in what two of them differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from babel.dates import get_day_names

from access.domain.instants import Hours
from access.domain.policy import AccessPoint, AccessRule, WindowKind
from server.access_points.choices import Choice, Choices
from server.access_points.fields import FIELDS, Field, Span, Switch, Word
from server.access_points.form import SETTINGS, policy_of
from server.access_points.rows import DATED
from server.access_points.service import Settled
from server.admin.say import LOCALES, Say

__all__ = ["Change", "changes", "in_words"]

_LABELS: Final = {
    "direction": "point.direction",
    "balance.mode": "point.balance_mode",
    "balance.threshold": "point.balance_threshold",
    "balance.age_days": "point.balance_age",
    "capacity.limit": "point.capacity_limit",
    "capacity.warning_at": "point.capacity_warning",
    "capacity.mode": "point.capacity_mode",
    "anti_passback.mode": "point.anti_passback",
    "anti_passback.period": "point.anti_passback_period",
    "duplicate_window": "point.duplicate_within",
    "missing_picture": "point.missing_picture",
    "kiosk.has_picture": "point.kiosk_picture",
    "kiosk.name": "point.kiosk_name",
    "kiosk.has_sound": "point.kiosk_sound",
    "pulse": "point.pulse_for",
    "offline.max_age": "point.offline_age",
    "offline.stale": "point.offline_stale",
    "offline.untrusted_clock": "point.offline_clock",
    "attendance.is_on": "point_attendance.is_on",
    "attendance.has_check_out": "point_attendance.has_check_out",
    "attendance.has_child_pick_up": "point_attendance.has_child_pick_up",
    "attendance.has_daily_notes": "point_attendance.has_daily_notes",
    "auto_exit": "point.auto_exit_after",
    "is_choice_offered": "point.choice_on",
}
_WORDS: Final = {
    "Direction": "direction",
    "Mode": "mode",
    "AntiPassbackMode": "anti_passback",
    "NameShown": "name_shown",
}
_UNITS: Final = {"balance.age_days": "days", "auto_exit": "hours", "pulse": "seconds"}
_NONE: Final = {"capacity.limit": "point.capacity_none", "capacity.warning_at": "point.capacity_never"}


@dataclass(frozen=True, slots=True)
class Change:
    """One part of the rules that is different: what it says before and after, in lines."""

    part: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def changes(before: Settled, after: Settled, *, choices: Choices, say: Say) -> list[Change]:
    """The parts that differ, in the form's order."""
    one, other = in_words(before, choices=choices, say=say), in_words(after, choices=choices, say=say)
    return [
        Change(say.t(f"point.{part}"), one[part], other[part])
        for part in ("name", "site", *SETTINGS.values())
        if one[part] != other[part]
    ]


def in_words(said: Settled, *, choices: Choices, say: Say) -> Mapping[str, tuple[str, ...]]:
    """Every part of the form, in lines."""
    point = policy_of(said.document)
    facility = _named(choices.facilities, point.facility_id, say) if point.facility_id else say.t("point.facility_none")
    found: dict[str, tuple[str, ...]] = {
        "name": tuple(filter(None, (said.place.name.en, said.place.name.fr))),
        "site": (_named(choices.sites, said.place.site_id, say),),
        "facility": (facility,),
        "hours": tuple(_hours(point.opening_hours, say)) or (say.t("point.hours_none"),),
        "rules": tuple(_rule(each, choices, say) for each in point.access_rules) or (say.t("point.rules_none"),),
        "order": tuple(f"{place}. {say.t(f'point_order.{each}')}" for place, each in enumerate(point.order, 1)),
    }
    for field in FIELDS:
        part = field.name.split(".")[0]
        found[part] = (*found.get(part, ()), _line(field, point, say))
    return found


def _line(field: Field, point: AccessPoint, say: Say) -> str:
    value: object = point
    for step in field.path:
        value = getattr(value, step)
    return say.words.pair(say.t(_LABELS[field.name]), _value(field, value, say))


def _value(field: Field, value: object, say: Say) -> str:
    if isinstance(field, Switch):
        return say.t("activity.yes" if value else "activity.no")
    if isinstance(field, Word):
        return say.t(f"{_WORDS[field.words.__name__]}.{value}")
    if value is None:
        return say.t(_NONE[field.name])
    if field.name == "balance.threshold" and isinstance(value, int):
        return say.money(value)
    written = field.write(value, say.language)
    number = written[field.name][0]
    unit = written[f"{field.name}.unit"][0] if isinstance(field, Span) else _UNITS.get(field.name)
    return f"{number} {say.t(f'point_unit.{unit}')}" if unit else number


def _named(choices: Iterable[Choice], id_: str, say: Say) -> str:
    return next((each.name.in_language(say.language) for each in choices if each.id == id_), id_)


def _rule(rule: AccessRule, choices: Choices, say: Say) -> str:
    known = choices.things.get(rule.type, ())
    which = ", ".join(_named(known, each, say) for each in rule.chosen) or say.t("point.scope_all")
    parts = [say.words.pair(say.t(f"access_type.{rule.type}"), which)]
    if rule.type in DATED:
        is_day = rule.window.kind is WindowKind.ON_THE_DAY
        minutes = f" ({rule.window.minutes_before} {say.t('point_unit.minutes')})" if not is_day else ""
        parts.append(say.t(f"point.window_{rule.window.kind}") + minutes)
    return "; ".join([*parts, *_hours(rule.schedule, say)])


def _hours(hours: Iterable[Hours], say: Say) -> list[str]:
    names = get_day_names("abbreviated", locale=LOCALES[say.language])
    return [
        f"{', '.join(names[day - 1].rstrip('.') for day in each.days)} "
        f"{say.words.time(each.opens)} – {say.words.time(each.closes)}"
        for each in hours
    ]
