"""The closed vocabularies of a decision: outcomes, reasons, notices. Wire values are stable for ever."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["NEAREST_FIRST", "Notice", "Outcome", "Reason"]


class Outcome(StrEnum):
    """Granted < needs review < denied."""

    GRANTED = "granted"
    REVIEW = "review"
    DENIED = "denied"

    @property
    def severity(self) -> int:
        """0 for granted, 1 for needs review, 2 for denied."""
        return _SEVERITY[self]

    @staticmethod
    def strictest(*outcomes: Outcome) -> Outcome:
        """The strictest of the outcomes; granted when there is none."""
        return max(outcomes, key=lambda each: each.severity, default=Outcome.GRANTED)


_SEVERITY = {Outcome.GRANTED: 0, Outcome.REVIEW: 1, Outcome.DENIED: 2}


class Reason(StrEnum):
    """Why a decision is what it is."""

    UNREADABLE_CODE = "unreadable_code"
    UNKNOWN_CARD = "unknown_card"
    CARD_REVOKED = "card_revoked"
    FORGED_CARD = "forged_card"
    REPLAYED_CARD = "replayed_card"
    EXPIRED_CODE = "expired_code"
    ENTRY_BLOCKED = "entry_blocked"
    NOTIFY_STAFF = "notify_staff"
    NO_ELIGIBLE_ACCESS = "no_eligible_access"
    MEMBERSHIP_NOT_STARTED = "membership_not_started"
    MEMBERSHIP_ON_PAUSE = "membership_on_pause"
    MEMBERSHIP_EXPIRED = "membership_expired"
    MULTIPASS_NOT_STARTED = "multipass_not_started"
    MULTIPASS_DEPLETED = "multipass_depleted"
    MULTIPASS_EXPIRED = "multipass_expired"
    NOT_REGISTERED = "not_registered"
    OUTSIDE_ACTIVITY_WINDOW = "outside_activity_window"
    OUTSIDE_SCHEDULE = "outside_schedule"
    ACCESS_POINT_CLOSED = "access_point_closed"
    BOOKING_WITHOUT_INVOICE = "booking_without_invoice"
    BALANCE_DUE = "balance_due"
    ALREADY_CHECKED_IN = "already_checked_in"
    ANTI_PASSBACK = "anti_passback"
    CAPACITY_FULL = "capacity_full"
    NO_ACCESS_PICTURE = "no_access_picture"
    CACHE_STALE = "cache_stale"
    CLOCK_UNTRUSTED = "clock_untrusted"


NEAREST_FIRST: tuple[Reason, ...] = (
    Reason.OUTSIDE_ACTIVITY_WINDOW,
    Reason.OUTSIDE_SCHEDULE,
    Reason.BOOKING_WITHOUT_INVOICE,
    Reason.MEMBERSHIP_ON_PAUSE,
    Reason.MEMBERSHIP_NOT_STARTED,
    Reason.MULTIPASS_NOT_STARTED,
    Reason.MULTIPASS_DEPLETED,
    Reason.MEMBERSHIP_EXPIRED,
    Reason.MULTIPASS_EXPIRED,
    Reason.NOT_REGISTERED,
    Reason.NO_ELIGIBLE_ACCESS,
)
"""Why nothing held lets someone in, ordered by how little is missing to a yes."""


class Notice(StrEnum):
    """What is worth saying beside an outcome without changing it."""

    BIRTHDAY = "birthday"
    PASS_ACTIVATED = "pass_activated"
    LAST_USE = "last_use"
    CAPACITY_WARNING = "capacity_warning"
    USE_ALREADY_TAKEN_TODAY = "use_already_taken_today"
