"""The single fields of the settings form: each writes a setting as people read it, and reads what people write.

A field belongs to one setting, by its path in the domain's `AccessPoint`. Numbers are read the same in both
languages: a comma and a point both mean the decimals, so nothing is ever taken for a thousand times itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Protocol

from access.domain.policy import AntiPassbackMode, Direction, Mode, NameShown
from server.access_points.values import Problem, Values, text

__all__ = ["FIELDS", "UNITS", "Amount", "Field", "Span", "Switch", "Whole", "Word"]

UNITS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
_SPACES = re.compile(r"[\s\u00a0\u202f$]")
_DAY_S: Final = 86_400
_YEAR_S: Final = 365 * _DAY_S


class Field(Protocol):
    """One field. `read` answers the setting's value, or the problem to say beside the field."""

    @property
    def name(self) -> str: ...

    @property
    def path(self) -> tuple[str, ...]: ...

    def write(self, value: Any, language: str) -> Values: ...

    def read(self, values: Values) -> Any: ...


@dataclass(frozen=True, slots=True)
class Word:
    """One of a few words."""

    name: str
    path: tuple[str, ...]
    words: type[StrEnum]

    def write(self, value: StrEnum, language: str) -> Values:
        """The word as the wire knows it."""
        return {self.name: [value.value]}

    def read(self, values: Values) -> str | Problem:
        """The word, when it is one of them."""
        word = text(values, self.name)
        return word if word in set(self.words) else Problem("choose")


@dataclass(frozen=True, slots=True)
class Switch:
    """On or off: a box that is not ticked is not sent."""

    name: str
    path: tuple[str, ...]

    def write(self, value: bool, language: str) -> Values:
        """Ticked, or nothing."""
        return {self.name: ["on"]} if value else {}

    def read(self, values: Values) -> bool:
        """Whether it is ticked."""
        return bool(text(values, self.name))


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`; where it is optional, empty means none."""

    name: str
    path: tuple[str, ...]
    least: int = 0
    most: int = 1_000_000
    is_optional: bool = False

    def write(self, value: int | None, language: str) -> Values:
        """Its digits."""
        return {self.name: ["" if value is None else str(value)]}

    def read(self, values: Values) -> int | Problem | None:
        """The number, None for an empty optional field."""
        digits = _SPACES.sub("", text(values, self.name))
        if not digits:
            return None if self.is_optional else Problem("required")
        return _limited(int(digits), self.least, self.most) if _is_whole(digits) else Problem("not_whole")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with decimals that is stored in its `scale`-th parts: dollars in cents, seconds in milliseconds."""

    name: str
    path: tuple[str, ...]
    scale: int
    problem: str
    least: int = 0
    most: int = 100_000_000

    def write(self, value: int, language: str) -> Values:
        """As the language writes it; money with its two decimals, or none."""
        whole, part = divmod(abs(value), self.scale)
        places = len(str(self.scale)) - 1
        decimals = f"{part:0{places}d}" if part else ""
        decimals = decimals.rstrip("0") if self.scale != 100 else decimals
        sign, point = "-" if value < 0 else "", "," if language == "fr" else "."
        return {self.name: [f"{sign}{whole}{point}{decimals}" if decimals else f"{sign}{whole}"]}

    def read(self, values: Values) -> int | Problem:
        """The number of parts."""
        said = _SPACES.sub("", text(values, self.name)).replace(",", ".")
        if not said:
            return Problem("required")
        places = len(str(self.scale)) - 1
        if not re.fullmatch(rf"-?[0-9]{{1,9}}(\.[0-9]{{1,{places}}})?", said):
            return Problem(self.problem)
        parts = int(Decimal(said) * self.scale)
        limited = _limited(parts, self.least, self.most)
        return limited if isinstance(limited, int) else Problem(limited.code, _in_whole(limited, self.scale))


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time as a number and its unit (`<name>.unit`), in seconds."""

    name: str
    path: tuple[str, ...]
    units: tuple[str, ...]
    most_s: int

    def write(self, value: int, language: str) -> Values:
        """In the largest unit that needs no fraction."""
        fitting = [unit for unit in reversed(UNITS) if unit in self.units and value % UNITS[unit] == 0]
        unit = self.units[0] if value == 0 else (fitting or ["seconds"])[0]
        return {self.name: [str(value // UNITS[unit])], f"{self.name}.unit": [unit]}

    def read(self, values: Values) -> int | Problem:
        """The seconds."""
        digits, unit = _SPACES.sub("", text(values, self.name)), text(values, f"{self.name}.unit")
        if not digits:
            return Problem("required")
        if not _is_whole(digits):
            return Problem("not_whole")
        if unit not in UNITS:
            return Problem("choose")
        limited = _limited(int(digits) * UNITS[unit], 0, self.most_s)
        return limited if isinstance(limited, int) else Problem(limited.code, _in_whole(limited, UNITS[unit]))


def _is_whole(digits: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,12}", digits) is not None


def _limited(number: int, least: int, most: int) -> int | Problem:
    if number < least:
        return Problem("too_small", {"least": least})
    return number if number <= most else Problem("too_large", {"most": most})


def _in_whole(problem: Problem, scale: int) -> dict[str, object]:
    """The limit as the field's own unit says it."""
    return {name: f"{Decimal(str(limit)) / scale:f}" for name, limit in problem.details.items()}


FIELDS: Final[tuple[Field, ...]] = (
    Word("direction", ("direction",), Direction),
    Word("balance.mode", ("balance", "mode"), Mode),
    Amount("balance.threshold", ("balance", "threshold_cents"), 100, "not_amount"),
    Whole("balance.age_days", ("balance", "age_days"), most=3650),
    Whole("capacity.limit", ("capacity", "limit"), is_optional=True),
    Whole("capacity.warning_at", ("capacity", "warning_at"), is_optional=True),
    Word("capacity.mode", ("capacity", "mode"), Mode),
    Word("anti_passback.mode", ("anti_passback", "mode"), AntiPassbackMode),
    Span("anti_passback.period", ("anti_passback", "period_s"), ("minutes", "hours", "days"), _YEAR_S),
    Span("duplicate_window", ("duplicate_window_s",), ("seconds", "minutes"), _DAY_S),
    Word("missing_picture", ("missing_picture",), Mode),
    Switch("kiosk.has_picture", ("kiosk", "has_picture")),
    Word("kiosk.name", ("kiosk", "name"), NameShown),
    Switch("kiosk.has_sound", ("kiosk", "has_sound")),
    Amount("pulse", ("pulse_ms",), 1000, "not_seconds", least=100, most=600_000),
    Span("offline.max_age", ("offline", "max_cache_age_s"), ("hours", "days"), _YEAR_S),
    Word("offline.stale", ("offline", "stale"), Mode),
    Word("offline.untrusted_clock", ("offline", "untrusted_clock"), Mode),
    Switch("attendance.is_on", ("attendance", "is_on")),
    Switch("attendance.has_check_out", ("attendance", "has_check_out")),
    Switch("attendance.has_child_pick_up", ("attendance", "has_child_pick_up")),
    Switch("attendance.has_daily_notes", ("attendance", "has_daily_notes")),
    Whole("auto_exit", ("auto_exit_after_h",), most=8760),
    Switch("is_choice_offered", ("is_choice_offered",)),
)
"""Every setting that is one value. Opening hours, access rules, the order and the facility are in `form`."""
