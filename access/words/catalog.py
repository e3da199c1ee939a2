"""The catalogues `en.toml` and `fr.toml`, read once, and how dates, times and counts are said.

The caller passes local dates and times, already in the organization's time zone: this package knows no zone.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from access.words.phrase import Phrase

__all__ = ["LANGUAGES", "Detail", "ReasonWords", "Words", "words"]

LANGUAGES: Final = ("en", "fr")
Detail = str | int | dt.date | dt.datetime | dt.time | None
"""What a sentence can be given: said in the language's own way; None and "" mean not known."""


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """One reason, for the visitor's public screen and for staff."""

    code: str
    label: str
    """A few words for staff: a table's cell, a chart's legend."""
    visitor_phrase: Phrase
    next_step_phrase: Phrase
    staff_phrase: Phrase
    staff_step_phrase: Phrase
    language: Words

    def visitor(self, **details: Detail) -> str:
        """What the visitor reads: discreet, never money, a memo, an e-mail or health."""
        return self.language.fill(self.visitor_phrase, details)

    def next_step(self, **details: Detail) -> str:
        """What the visitor does next."""
        return self.language.fill(self.next_step_phrase, details)

    def staff(self, **details: Detail) -> str:
        """What happened, plainly, for staff and for Account activity."""
        return self.language.fill(self.staff_phrase, details)

    def staff_step(self, **details: Detail) -> str:
        """What staff may do about it."""
        return self.language.fill(self.staff_step_phrase, details)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Everything the product can say in one language."""

    code: str
    catalogue: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The language's own name."""
        return str(self.catalogue["language"]["name"])

    def reason(self, code: str) -> ReasonWords:
        """The words of a reason code; a code from a newer version gets careful general words."""
        known = self.catalogue["reason"]
        entry = known.get(str(code)) or known["unknown"]
        keys = ("visitor", "next_step", "staff", "staff_step")
        visitor, next_step, staff, staff_step = (Phrase.read(entry[key]) for key in keys)
        return ReasonWords(str(code), str(entry["label"]), visitor, next_step, staff, staff_step, self)

    def label(self, group: str, code: str, **details: Detail) -> str:
        """The label of `code` in a table of the catalogue; an unknown code is shown readably."""
        text = self.catalogue.get(group, {}).get(str(code))
        return str(code).replace("_", " ") if text is None else self.fill(Phrase.read(text), details)

    def outcome(self, code: str) -> str:
        """Granted, needs review, denied."""
        return self.label("outcome", code)

    def membership_status(self, code: str) -> str:
        """One of the seven status labels of a membership (or expired)."""
        return self.label("membership_status", code)

    def multipass_status(self, code: str, *, on: dt.date | None = None) -> str:
        """The status of a multipass; `on` is the day it expires, expired or takes effect."""
        return self.label("multipass_status", code, date=on)

    def pass_type(self, code: str) -> str:
        """Membership, multipass, session ..."""
        return self.label("pass_type", code)

    def credential_kind(self, code: str) -> str:
        """What was presented."""
        return self.label("credential_kind", code)

    def technology(self, code: str) -> str:
        """What it was read with."""
        return self.label("technology", code)

    def event_kind(self, code: str) -> str:
        """What happened, as Account activity says it."""
        return self.label("event_kind", code)

    def event_cause(self, code: str) -> str:
        """Why a door did it by itself."""
        return self.label("event_cause", code)

    def direction(self, code: str) -> str:
        """Which way an access point leads."""
        return self.label("direction", code)

    def remaining(self, left: int | None, total: int | None, *, is_short: bool = False) -> str:
        """What is left of a pass: "2 of 10 left", short "2/10"; no total: unlimited; below 0: overdrawn."""
        if left is None or total is None:
            return self.label("remaining", "unlimited")
        if is_short:
            return self.label("remaining", "short", left=left, total=total)
        if left < 0:
            return self.label("remaining", "overdrawn", over=-left)
        return self.label("remaining", "counted", left=left, total=total)

    def pair(self, label: str, value: str) -> str:
        """ "label: value", with the language's own colon; the label alone when there is no value."""
        text = str(self.catalogue["language"]["pair"])
        return text.format_map({"label": label, "value": value}) if value else label

    def date(self, day: dt.date, *, today: dt.date | None = None) -> str:
        """ "1 December", "1er décembre"; with its year when `today` is given and lies in another one."""
        language = self.catalogue["language"]
        is_far = today is not None and today.year != day.year
        number = language["first_of_month"] if day.day == 1 else str(day.day)
        month = language["months"][day.month - 1]
        template = str(language["date_with_year" if is_far else "date"])
        return template.format_map({"day": number, "month": month, "year": day.year})

    def time(self, at: dt.time | dt.datetime) -> str:
        """ "17:30", "17 h 30"; on the hour "17:00", "17 h"."""
        template = str(self.catalogue["language"]["time" if at.minute else "full_hour"])
        return template.format_map({"hour": at.hour, "minute": at.minute})

    def date_and_time(self, at: dt.datetime, *, today: dt.date | None = None) -> str:
        """ "1 December, 17:30"."""
        template = str(self.catalogue["language"]["date_and_time"])
        return template.format_map({"date": self.date(at.date(), today=today), "time": self.time(at)})

    def fill(self, phrase: Phrase, details: Mapping[str, Detail]) -> str:
        """Say a phrase with details, each in this language's way."""
        return phrase.say({name: self._say(name, value) for name, value in details.items()})

    def _say(self, name: str, value: Detail) -> str:
        if isinstance(value, dt.datetime):
            return self.time(value) if name == "time" else self.date(value.date())
        if isinstance(value, dt.date):
            return self.date(value)
        if isinstance(value, dt.time):
            return self.time(value)
        return "" if value is None else str(value)


@cache
def words(language: str) -> Words:
    """The words of a language ("en", "fr", "fr-CA" ...); an unknown language gets English."""
    code = str(language).lower().replace("_", "-").split("-")[0]
    if code not in LANGUAGES:
        return words("en")
    text = resources.files("access.words").joinpath(f"{code}.toml").read_text(encoding="utf-8")
    return Words(code, tomllib.loads(text))
