"""How a page says dates, times, money, reasons and outcomes: one language, one time zone, one present moment."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final, Literal

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal

from access.domain.instants import local_day, wall_clock
from access.words import Words, words
from server.admin.account.registrations import MembershipLine, MultipassLine
from server.admin.texts import Texts, texts
from server.checkins.activity import ActivityRow
from server.models import Event

__all__ = ["KNOWN_FLAGS", "LOCALES", "Say", "long_date", "masked"]

LOCALES: Final = {"en": "en_CA", "fr": "fr_CA"}
KNOWN_FLAGS: Final = (
    "late",
    "long_ago",
    "overdrawn",
    "clone",
    "chain_broken",
    "unknown_access_point",
    "ahead_of_time",
    "unknown_pass",
    "card_not_assigned",
)


def long_date(day: dt.date, language: str, width: Literal["long", "full"] = "long") -> str:
    """ "June 1, 2015", "1er juin 2015"; full with the day of the week."""
    return _first_of_month(str(format_date(day, width, locale=LOCALES.get(language, "en_CA"))), language)


def _first_of_month(said: str, language: str) -> str:
    """French says the first of a month as an ordinal; the locale's patterns do not know it."""
    return re.sub(r"(?<!\d)1(?= [^\W\d])", "1er", said, count=1) if language == "fr" else said


@dataclass(frozen=True, slots=True)
class Say:
    """Bound to a reader; `now` is an aware instant, `zone` and `currency` the organization's."""

    language: str
    zone: tzinfo
    now: datetime
    currency: str = "CAD"

    @property
    def t(self) -> Texts:
        """The back office's texts."""
        return texts(self.language)

    @property
    def words(self) -> Words:
        """The product's words."""
        return words(self.language)

    @property
    def locale(self) -> str:
        """The locale of dates and numbers."""
        return LOCALES.get(self.language, "en_CA")

    @property
    def today(self) -> dt.date:
        """The organization's local day."""
        return local_day(self.now, self.zone)

    def day(self, day: dt.date) -> str:
        """ "Today", "Yesterday", "Tue 3 November", with its year when it is another one."""
        distance = (self.today - day).days
        if distance in (0, 1):
            return self.t("day.today" if distance == 0 else "day.yesterday")
        return f"{format_date(day, 'EEE', locale=self.locale).rstrip('.')} {self.date(day)}"

    def date(self, day: dt.date) -> str:
        """ "3 November", "1er décembre", with its year when it is another one."""
        return self.words.date(day, today=self.today)

    def time(self, at: datetime) -> str:
        """The time of day in the organization's zone."""
        return self.words.time(self.local(at))

    def when(self, at: datetime) -> str:
        """The day and the time, as people say them."""
        return f"{self.day(local_day(at, self.zone))}, {self.time(at)}"

    def exact(self, at: datetime) -> str:
        """The whole instant, to the second, with its zone."""
        said = str(format_datetime(self.local(at), "full", tzinfo=self.zone, locale=self.locale))
        return _first_of_month(said, self.language) if self.local(at).day == 1 else said

    def local(self, at: datetime) -> datetime:
        """The instant on the organization's wall clock; a door may have sent the year 1, which is not in every zone."""
        return wall_clock(at, self.zone)

    def span(self, length: timedelta) -> str:
        """About how long."""
        return str(format_timedelta(length, locale=self.locale, threshold=1.5))

    def money(self, cents: int) -> str:
        """An amount."""
        return str(format_currency(Decimal(cents) / 100, self.currency, locale=self.locale))

    def number(self, number: int) -> str:
        """A whole number."""
        return str(format_decimal(number, locale=self.locale))

    def age(self, born_on: dt.date | None) -> str:
        """Whole years today, or that the person is presumed adult."""
        if born_on is None:
            return self.t("members.adult_presumed")
        today = self.today
        years = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
        return self.t.count("members.years", years)

    def born(self, born_on: dt.date | None) -> str:
        """The date of birth in full with the age, or that the person is presumed adult."""
        if born_on is None:
            return self.t("members.adult_presumed")
        return f"{long_date(born_on, self.language)} ({self.age(born_on)})"

    def answer(self, kind: str, value: str) -> str:
        """What was answered to an extra question."""
        if kind == "yes_no" and value in ("yes", "no"):
            return self.t("activity.yes" if value == "yes" else "activity.no")
        if kind == "date":
            with suppress(ValueError):
                return long_date(dt.date.fromisoformat(value), self.language)
        return value

    def reasons(self, row: ActivityRow) -> list[str]:
        """All reasons of an event in words for staff, after why a door did it by itself."""
        name, cause, count = row.pass_name(self.language), row.body.get("cause"), row.body.get("count")
        said = [self.words.event_cause(cause)] if isinstance(cause, str) else []
        said += [self.words.reason(code).staff(pass_name=name) for code in row.event.reasons]
        return [*said, self.t.count("at_the_door.guesses", count)] if isinstance(count, int) else said

    def kind(self, code: str) -> str:
        """What happened."""
        return self.words.event_kind(code)

    def pass_name(self, event: Event) -> str:
        """What the pass of an event was called then; empty where there was none."""
        return ActivityRow(event).pass_name(self.language)

    def is_telling(self, row: ActivityRow) -> bool:
        """Whether the kind says more than the outcome's own badge does."""
        return (row.event.kind, row.event.outcome) not in {("denied", "denied"), ("review_requested", "review")}

    def recorded(self, row: ActivityRow) -> str:
        """When the server recorded it: the time, with the day when it is another one."""
        at, happened = row.event.recorded_at, row.event.occurred_at
        is_same_day = local_day(at, self.zone) == local_day(happened, self.zone)
        return self.time(at) if is_same_day else self.when(at)

    def flags(self, row: ActivityRow) -> list[tuple[str, str]]:
        """The centre's remarks about an event: a short text and its explanation."""
        said = []
        for flag in row.event.flags:
            known = flag if flag in KNOWN_FLAGS else "other"
            delay = self.span(row.event.recorded_at - row.event.occurred_at)
            said.append((self.t(f"flag.{known}"), self.t(f"flag_why.{known}", delay=delay, flag=flag)))
        return said

    def membership_detail(self, line: MembershipLine) -> str:
        """The date beside a membership's status."""
        if line.date is None:
            return ""
        keys = {"soon_to_be_active": "starts", "on_pause": "paused_until", "upcoming_pause": "pause_starts"}
        return self.t(f"registrations.{keys.get(line.status, 'until')}", date=self.date(line.date))

    def multipass_left(self, line: MultipassLine) -> str:
        """ "3/5", or unlimited."""
        return self.words.remaining(line.state.remaining, line.state.multipass.total, is_short=True)

    def multipass_status(self, line: MultipassLine) -> str:
        """What Registrations says of it."""
        return self.words.multipass_status("not_effective" if line.is_ahead else line.status, on=line.date)

    def each(self, items: Iterable[str]) -> str:
        """Sentences in a row, for one cell."""
        return "; ".join(items)


def masked(value: str) -> str:
    """A card's value with all but its last four characters hidden; a short one shows fewer."""
    shown = min(4, len(value) // 3)
    return "•" * min(8, len(value) - shown) + (value[-shown:] if shown else "")
