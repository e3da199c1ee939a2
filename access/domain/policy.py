"""An access point's settings: the rules that an admin can read, in the four groups of the back office."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from access.domain.errors import InvalidFact
from access.domain.instants import Hours
from access.domain.people import Text
from access.domain.reasons import Outcome

__all__ = [
    "DEFAULT_ORDER",
    "AccessPoint",
    "AccessRule",
    "AccessType",
    "AntiPassback",
    "AntiPassbackMode",
    "AttendanceTracking",
    "BalanceRule",
    "Capacity",
    "Direction",
    "EntitlementClass",
    "KioskView",
    "Mode",
    "NameShown",
    "OfflineRule",
    "Window",
    "WindowKind",
]


class Direction(StrEnum):
    """Which way an access point, a reader or a scan goes; a scan is never `both`."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


class Mode(StrEnum):
    """What a finding does at this access point."""

    IGNORE = "ignore"
    REVIEW = "review"
    DENY = "deny"

    @property
    def outcome(self) -> Outcome | None:
        """The outcome it causes, or None when it is ignored."""
        return {Mode.IGNORE: None, Mode.REVIEW: Outcome.REVIEW, Mode.DENY: Outcome.DENIED}[self]


class AccessType(StrEnum):
    """What may let someone in at an access point."""

    MEMBERSHIP = "membership"
    MULTIPASS = "multipass"
    SESSION = "session"
    DROP_IN = "drop_in"
    PRIVATE_LESSON = "private_lesson"
    FACILITY_BOOKING = "facility_booking"


class EntitlementClass(StrEnum):
    """The classes among which an access point orders what is consumed first."""

    ACTIVITY = "activity"
    MEMBERSHIP = "membership"
    UNLIMITED_MULTIPASS = "unlimited_multipass"
    COUNTED_MULTIPASS = "counted_multipass"


DEFAULT_ORDER = (
    EntitlementClass.ACTIVITY,
    EntitlementClass.MEMBERSHIP,
    EntitlementClass.UNLIMITED_MULTIPASS,
    EntitlementClass.COUNTED_MULTIPASS,
)


class WindowKind(StrEnum):
    """When a dated thing opens the door."""

    ON_THE_DAY = "on_the_day"
    AROUND = "around"


@dataclass(frozen=True, slots=True)
class Window:
    """ "On the day of the activity", or from `minutes_before` its start until its end."""

    kind: WindowKind = WindowKind.ON_THE_DAY
    minutes_before: int = 0

    def __post_init__(self) -> None:
        if self.minutes_before < 0:
            raise InvalidFact("a window opens zero or more minutes before the start")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One access type accepted here. `chosen` lists type or activity ids; empty means all of that type."""

    type: AccessType
    chosen: tuple[str, ...] = ()
    schedule: tuple[Hours, ...] = ()
    window: Window = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRule:
    """Applies when the account owes more than the threshold and has for at least `age_days` days."""

    mode: Mode = Mode.IGNORE
    threshold_cents: int = 0
    age_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How many may be inside; at `warning_at` staff are told, at `limit` the mode applies."""

    limit: int | None = None
    warning_at: int | None = None
    mode: Mode = Mode.DENY


class AntiPassbackMode(StrEnum):
    """Entering twice without leaving: ignored, needs review, denied."""

    OFF = "off"
    SOFT = "soft"
    HARD = "hard"


@dataclass(frozen=True, slots=True, kw_only=True)
class AntiPassback:
    """`period_s` seconds after an entry the person may enter again without having left; 0 means never."""

    mode: AntiPassbackMode = AntiPassbackMode.OFF
    period_s: int = 0


class NameShown(StrEnum):
    """How much of a name a public screen may show."""

    FULL = "full"
    FIRST = "first"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskView:
    """What the visitor kiosk may show and sound."""

    has_picture: bool = True
    name: NameShown = NameShown.FULL
    has_sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineRule:
    """Facts older than `max_cache_age_s` seconds make the door degrade as `stale` says."""

    max_cache_age_s: int = 7 * 86_400
    stale: Mode = Mode.REVIEW
    untrusted_clock: Mode = Mode.REVIEW


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceTracking:
    """Who of the registered people came, left, and with whom."""

    is_on: bool = False
    has_check_out: bool = False
    has_child_pick_up: bool = False
    has_daily_notes: bool = False

    def __post_init__(self) -> None:
        if self.has_child_pick_up and not self.has_check_out:
            raise InvalidFact("child pick-up needs check-out; switch check-out on too")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPoint:
    """The named place where one set of rules decides.

    Whoever came in `auto_exit_after_h` hours ago and has not left is checked out by the door itself; 0 means never.
    """

    id: str
    name: Text
    site_id: str = ""
    facility_id: str | None = None
    direction: Direction = Direction.IN
    opening_hours: tuple[Hours, ...] = ()
    balance: BalanceRule = BalanceRule()
    duplicate_window_s: int = 30
    capacity: Capacity = Capacity()
    anti_passback: AntiPassback = AntiPassback()
    missing_picture: Mode = Mode.IGNORE
    kiosk: KioskView = KioskView()
    pulse_ms: int = 3000
    offline: OfflineRule = OfflineRule()
    attendance: AttendanceTracking = AttendanceTracking()
    access_rules: tuple[AccessRule, ...] = (
        AccessRule(type=AccessType.MEMBERSHIP),
        AccessRule(type=AccessType.MULTIPASS),
    )
    order: tuple[EntitlementClass, ...] = DEFAULT_ORDER
    is_choice_offered: bool = False
    auto_exit_after_h: int = 0

    def __post_init__(self) -> None:
        if self.auto_exit_after_h < 0:
            raise InvalidFact("an automatic exit comes after a number of hours, or 0 for never")
