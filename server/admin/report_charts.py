"""The report's charts with the tables of their numbers, and how the report calls its groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from babel.dates import format_date, get_day_names
from markupsafe import Markup

from server.admin.charts import NARROW, WIDE, bars, curve, lying_bars
from server.admin.say import LOCALES, Say, long_date
from server.reports.service import Figures
from server.reports.wanted import GroupBy

__all__ = ["Chart", "charts", "group_name", "shades"]

_MOST_LYING: Final = 12
_SHADES: Final = 5
_SHORT: Final = 20
_LESS_SHORT: Final = 36
_MOST_DAYS: Final = 400
_MOST_YEARS_OF_MONTHS: Final = 20


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing, the same for a telephone, and their numbers: what they are of, and (name, number) each; a remark."""

    key: str
    title: str
    drawing: Markup
    narrow: Markup
    head: str
    numbers: Sequence[tuple[str, str]]
    note: str = ""


def charts(found: Figures, names: Mapping[str, str], say: Say) -> list[Chart]:
    """Those that have something to show, in the order people ask."""
    hours = [_hour(hour, say) for hour in range(24)]
    made = [_standing("by_hour", hours, list(found.by_hour), say)] if any(found.by_hour) else []
    key, labels, values = _through_time(found.by_day, say)
    if len(labels) > 1 and any(values):
        made.append(_standing(key, labels, values, say))
    points = [(names.get(id_, id_), number) for id_, number in found.by_point]
    reasons = [(say.words.reason(code).label, number) for code, number in found.reasons]
    made += [_lying(key, found_, say) for key, found_ in (("by_point", points), ("reasons", reasons)) if found_]
    if any(level.most for level in found.occupancy):
        made.append(_occupancy(found, say))
    return made


def _through_time(days: Sequence[tuple[date, int]], say: Say) -> tuple[str, list[str], list[int]]:
    """By day, by month where days are too many to be drawn, by year where months are; those without a begin or end."""
    if len(days) <= _MOST_DAYS:
        return "by_day", [_dated(day, "d MMM", say) for day, _ in days], [number for _, number in days]
    counted = [(day, number) for day, number in days if number]
    is_monthly = bool(counted) and counted[-1][0].year - counted[0][0].year < _MOST_YEARS_OF_MONTHS
    every = [day for day, _ in days if day.day == 1 and (is_monthly or day.month == 1)] if counted else []
    numbers = Counter[date]()
    for day, number in counted:
        numbers[_beginning(day, is_monthly=is_monthly)] += number
    first, last = min(numbers, default=date.max), max(numbers, default=date.min)
    shown = sorted({*numbers, *(each for each in every if first <= each <= last)})
    said = [_dated(each, "MMM y" if is_monthly else "y", say) for each in shown]
    return "by_month" if is_monthly else "by_year", said, [numbers[each] for each in shown]


def _beginning(day: date, *, is_monthly: bool) -> date:
    return day.replace(day=1) if is_monthly else day.replace(month=1, day=1)


def _dated(day: date, how: str, say: Say) -> str:
    return str(format_date(day, how, locale=LOCALES[say.language]))


def _standing(key: str, labels: list[str], values: list[int], say: Say) -> Chart:
    title = say.t(f"report.chart_{key}")
    wide, narrow = _both(lambda width: bars(labels, values, name=title, number=say.number, width=width))
    return Chart(key, title, wide, narrow, say.t(f"report.head_{key}"), _numbers(labels, values, say))


def _lying(key: str, found: list[tuple[str, int]], say: Say) -> Chart:
    title, top = say.t(f"report.chart_{key}"), found[:_MOST_LYING]
    labels, values = [name for name, _ in top], [number for _, number in top]
    drawing = lying_bars(_short(labels, _LESS_SHORT), values, name=title, number=say.number)
    small = lying_bars(_short(labels, _SHORT), values, name=title, number=say.number, width=NARROW)
    numbers = [(name, say.number(number)) for name, number in found]
    return Chart(key, title, drawing, small, say.t(f"report.head_{key}"), numbers)


def _short(names: Sequence[str], most: int) -> list[str]:
    """Names that leave room for their bars; the table has them whole."""
    return [name if len(name) <= most else f"{name[: most - 1].rstrip()}…" for name in names]


def _occupancy(found: Figures, say: Say) -> Chart:
    title = say.t("report.chart_occupancy", date=say.date(found.occupancy_on))
    labels, values = [say.time(each.at) for each in found.occupancy], [each.most for each in found.occupancy]
    wide, narrow = _both(lambda width: curve(labels, values, name=title, number=say.number, width=width))
    # Every hour is enough to read; the drawing has the quarters.
    numbers = list(zip(labels, map(say.number, values), strict=True))[::4]
    head, note = say.t("report.head_occupancy"), say.t("report.occupancy_why")
    return Chart("occupancy", title, wide, narrow, head, numbers, note)


def _both(draw: Callable[[int], Markup]) -> tuple[Markup, Markup]:
    return draw(WIDE), draw(NARROW)


def _numbers(labels: Sequence[str], values: Sequence[int], say: Say) -> list[tuple[str, str]]:
    return [(label, say.number(value)) for label, value in zip(labels, values, strict=True)]


def _hour(hour: int, say: Say) -> str:
    return f"{hour} h" if say.language == "fr" else f"{hour:02d}:00"


def shades(heat: Sequence[Sequence[int]]) -> list[list[int]]:
    """How dark each cell is, 0 (nobody) to 5 (the most)."""
    most = max((number for row in heat for number in row), default=0)
    return [[-(-number * _SHADES // most) if most else 0 for number in row] for row in heat]


def group_name(by: GroupBy, key: Any, names: Mapping[str, str], say: Say) -> str:
    """What a group is called; nothing known has a word too."""
    if isinstance(key, date):
        return long_date(key, say.language, "full")
    if by is GroupBy.HOUR:
        return _hour(key, say)
    if by is GroupBy.WEEKDAY:
        return str(get_day_names("wide", locale=LOCALES[say.language])[key - 1]).capitalize()
    if key == "":
        return say.t("report.unknown")
    said: dict[GroupBy, Callable[[], str]] = {
        GroupBy.ACCESS_POINT: lambda: names.get(key, str(key)),
        GroupBy.KIND: lambda: say.kind(key),
        GroupBy.PASS_TYPE: lambda: say.words.pass_type(key),
        GroupBy.AGE_GROUP: lambda: say.t(f"report.age_{key}"),
        GroupBy.OFFLINE: lambda: say.t(f"report.offline_{key}"),
        GroupBy.CITY: lambda: str(key),
    }
    return said[by]()
