"""One way to say things about a decision, for the visitor and for staff: days, times, what was used, what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final

from access.domain.facts import Entitlement, Finding
from access.domain.people import Language, Text
from access.domain.policy import AccessType
from access.words import Words, words
from kiosk.names import clean, in_sentence

__all__ = ["Voice", "spoken_language"]

MAX_TEXT: Final = 120


def spoken_language(wanted: Language | str) -> Language:
    """The language of a screen: French when it is asked for in any form, else English."""
    return Language.FR if str(wanted).lower().startswith("fr") else Language.EN


@dataclass(frozen=True, slots=True)
class Voice:
    """How somebody is spoken to: the language, and the wall clock at the door when it happened (`now`)."""

    language: Language
    words: Words
    zone: tzinfo
    now: datetime

    @classmethod
    def of(cls, language: Language, zone: tzinfo, at: datetime) -> Voice:
        """`at` is the aware instant that is spoken of."""
        return cls(language, words(language), zone, _local(at, zone))

    def local(self, at: datetime) -> datetime:
        """The instant on the wall clock; one at the edge of time stays as it is."""
        return _local(at, self.zone)

    def day(self, day: date) -> str:
        """The day, with its year when that is not the year of `now`."""
        return self.words.date(day, today=self.now.date())

    def name(self, text: Text) -> str:
        """The name of a pass or an activity, ready to stand in a sentence."""
        return in_sentence(clean(text.in_language(self.language), MAX_TEXT))

    def details(self, finding: Finding) -> dict[str, str]:
        """What a reason's texts may name; an instant of today is said by its time alone."""
        details = {"date": self.day(finding.on)} if finding.on else {}
        if finding.name:
            name = self.name(finding.name)
            details |= {"name": name, "pass_name": name}
        if finding.at:
            at = self.local(finding.at)
            details["time"] = self.words.time(at)
            if at.date() != self.now.date():
                details["date"] = self.day(at.date())
        return details

    def used(self, entitlement: Entitlement, *, remaining: int | None) -> str:
        """What lets in: "Pool multipass: 2 of 10 left", "Family membership - until 31 May", "Swim - starts 17:30"."""
        name = self.name(entitlement.name)
        if entitlement.type is AccessType.MULTIPASS:
            return self.words.pair(name, self.words.remaining(remaining, entitlement.total))
        if entitlement.starts_at:
            return self._dated(entitlement, entitlement.starts_at, name)
        if entitlement.ends_on:
            return self.words.label("used", "until", pass_name=name, date=self.day(entitlement.ends_on))
        return name

    def expiry(self, entitlement: Entitlement) -> str:
        """Until when a multipass can be used; "" when that is not a matter of days."""
        if entitlement.type is not AccessType.MULTIPASS or not entitlement.ends_on:
            return ""
        return self.words.label("multipass_status", "expires", date=self.day(entitlement.ends_on))

    def _dated(self, entitlement: Entitlement, starts_at: datetime, name: str) -> str:
        start = self.local(starts_at)
        if start >= self.now:
            return self.words.label("used", "starts", pass_name=name, time=start.time())
        if entitlement.ends_at:
            end = self.local(entitlement.ends_at).time()
            return self.words.label("used", "under_way", pass_name=name, time=end)
        return name


def _local(at: datetime, zone: tzinfo) -> datetime:
    try:
        return at.astimezone(zone)
    except (OverflowError, ValueError):
        return at
