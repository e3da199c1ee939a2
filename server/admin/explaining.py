"""An explanation in words: each rule with what it looked at, how it came out, and the nearest ways to a yes.

Used by the page and by the command; texts are the back office's and the product's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from babel.dates import get_day_names

from access.domain.changes import Change, ChangeKind
from access.domain.checks import Check, Standing
from access.domain.credentials import CredentialStatus
from access.domain.entitlements import PassedOver
from access.domain.explanation import Fact, Line, Way
from access.domain.facts import ClockTrust, Entitlement, Finding
from access.domain.instants import ALL_DAYS, Hours
from access.domain.people import Text
from access.domain.policy import AccessType, AntiPassbackMode, Mode
from access.domain.registrations import RegistrationStatus
from server.admin.say import Say
from server.explain.facts import Doubt

__all__ = ["Telling", "Told"]

_MAX_SPAN_S: Final = 10**9
_COUNTED: Final = (ChangeKind.FEWER_INSIDE, ChangeKind.ADD_USES)
_GROUPS: Final[dict[type[StrEnum], str]] = {
    Mode: "mode",
    AntiPassbackMode: "anti_passback",
    ClockTrust: "clock_trust",
    AccessType: "access_type",
}
_WORDS: Final[dict[type[StrEnum], str]] = {
    CredentialStatus: "credential_status",
    RegistrationStatus: "registration_status",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One rule in words. `tone` is granted, review or denied, or quiet for what has no weight."""

    rule: str
    name: str
    facts: tuple[str, ...]
    result: str
    remark: str
    tone: str


@dataclass(frozen=True, slots=True)
class Telling:
    """Bound to a reader."""

    say: Say

    def line(self, line: Line) -> Told:
        """A rule of the explanation."""
        check = line.check
        result, tone = self._result(check)
        return Told(
            rule=self.say.t(f"rule.{check.rule}"),
            name=self._name(line),
            facts=tuple(self.facts(line)),
            result=result,
            remark=self.reason(check.finding, self._name(line)) if check.finding else "",
            tone=tone,
        )

    def facts(self, line: Line) -> Iterable[str]:
        """What the rule looked at."""
        known = dict(line.facts)
        if "remaining" in known:
            left, total = known.pop("remaining"), known.pop("total", None)
            yield self.say.words.remaining(_number(left), _number(total))
        if "membership_status" in known:
            yield self.say.words.membership_status(str(known.pop("membership_status") or "expired"))
        if "registration_status" in known:
            yield self._value(known.pop("registration_status"), "")
        known.pop("name", None)
        for name, value in known.items():
            if text := self._fact(name, value):
                yield text

    def way(self, way: Way) -> str:
        """Changes in a row."""
        return f" {self.say.t('why.then')} ".join(
            text if not place else text[:1].lower() + text[1:]
            for place, text in enumerate(map(self.change, way.changes))
        )

    def change(self, change: Change) -> str:
        """What could be otherwise."""
        named = change.name.in_language(self.say.language) if change.name else ""
        details = {
            "name": named or self.say.t("change.unnamed"),
            "amount": self.say.money(change.amount),
            "date": self.say.date(change.on) if change.on else "",
            "when": self._when(change.at) if change.at else "",
        }
        key = f"change.{change.kind}"
        return (
            self.say.t.count(key, change.amount, **details) if change.kind in _COUNTED else self.say.t(key, **details)
        )

    def reason(self, finding: Finding, name: str = "") -> str:
        """A finding for staff."""
        at = self.say.local(finding.at) if finding.at and _is_sayable(finding.at) else None
        named = finding.name.in_language(self.say.language) if finding.name else name
        details = {"pass_name": named, "name": named, "date": finding.on or (at.date() if at else None), "time": at}
        return self.say.words.reason(finding.reason).staff(**{key: each for key, each in details.items() if each})

    def doubt(self, doubt: Doubt) -> str:
        """What is not certain."""
        return self.say.t(f"doubt.{doubt}")

    def hours(self, hours: Iterable[Hours]) -> str:
        """ "Mon–Fri 06:00–22:00, Sat 08:00–18:00"."""
        return ", ".join(f"{self._days(each.days)} {self._clock(each)}".strip() for each in hours)

    def _result(self, check: Check) -> tuple[str, str]:
        judged = check.judged
        if check.standing is Standing.PASSED:
            opens = judged is not None and isinstance(judged.answer, Entitlement)
            return self.say.t("why.opens" if opens else "why.passed"), "granted"
        if check.standing is Standing.NOT_ACCEPTED and judged is not None and isinstance(judged.answer, PassedOver):
            return self.say.t(f"passed_over.{judged.answer}"), "quiet"
        if check.standing is not Standing.AGAINST:
            return self.say.t(f"standing.{check.standing}"), "quiet"
        if check.finding is None:
            return self.say.t("standing.repeated"), "quiet"
        return self.say.words.outcome(check.finding.outcome), check.finding.outcome.value

    def _name(self, line: Line) -> str:
        name = dict(line.facts).get("name")
        return name.in_language(self.say.language) if isinstance(name, Text) else ""

    def _fact(self, name: str, value: Fact) -> str:
        entries = self.say.t.entries
        if name == "memos" and value == 0:
            return ""
        if isinstance(value, bool):
            return self.say.t(f"fact.{name}_{'yes' if value else 'no'}")
        if value is None or value == () or (name == "period_s" and value == 0):
            return entries.get(f"fact.{name}_none", "")
        return self.say.t(f"fact.{name}", value=self._value(value, name))

    def _value(self, value: Fact, name: str) -> str:
        if isinstance(value, StrEnum):
            group = _WORDS.get(type(value))
            return self.say.words.label(group, value) if group else self.say.t(f"{_GROUPS[type(value)]}.{value}")
        if isinstance(value, dt.datetime):
            return self._when(value)
        if isinstance(value, dt.date):
            return self.say.date(value)
        if isinstance(value, tuple):
            return self.hours(value)
        if isinstance(value, int):
            return self._amount(value, name)
        return value.in_language(self.say.language) if isinstance(value, Text) else str(value or "")

    def _when(self, at: dt.datetime) -> str:
        """An instant inside a sentence: "today, 15:40"."""
        if not _is_sayable(at):
            return at.date().isoformat()
        said = self.say.when(at)
        is_near = said.startswith((self.say.t("day.today"), self.say.t("day.yesterday")))
        return f"{said[:1].lower()}{said[1:]}" if is_near else said

    def _amount(self, value: int, name: str) -> str:
        if name.endswith("_cents"):
            return self.say.money(value)
        if name.endswith("_s"):
            return self.say.span(timedelta(seconds=min(value, _MAX_SPAN_S)))
        return self.say.number(value)

    def _days(self, days: tuple[int, ...]) -> str:
        if set(days) == set(ALL_DAYS):
            return ""
        names = get_day_names("abbreviated", locale=self.say.locale)
        listed = sorted(set(days))
        if len(listed) > 2 and listed[-1] - listed[0] == len(listed) - 1:
            return f"{names[listed[0] - 1]}–{names[listed[-1] - 1]}"
        return " ".join(names[day - 1] for day in listed)

    def _clock(self, hours: Hours) -> str:
        return f"{self.say.words.time(hours.opens)}–{self.say.words.time(hours.closes)}"


def _number(value: Fact) -> int | None:
    return value if isinstance(value, int) else None


def _is_sayable(at: dt.datetime) -> bool:
    """Whether it lies within the calendar in every time zone; legacy data knows the year 1 and the year 9999."""
    return dt.MINYEAR < at.year < dt.MAXYEAR
