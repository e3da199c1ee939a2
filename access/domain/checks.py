"""Every rule of the door, judged once: what each looked at, whether it was passed, and what it says when it was not.

`decide` is made from these checks and `explain` shows them; no rule is written anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from access.domain.credentials import CredentialStatus
from access.domain.entitlements import Held, Judged, gather
from access.domain.facts import AccessRequest, ClockTrust, Facts, Finding
from access.domain.instants import elapsed, is_within_hours, local_day
from access.domain.policy import AccessPoint, AntiPassbackMode, Direction, Mode
from access.domain.reasons import Outcome, Reason

__all__ = ["Check", "Judgement", "Rule", "Standing", "judge"]


class Rule(StrEnum):
    """The rules, in the order in which they are asked."""

    CREDENTIAL = "credential"
    BLOCKED = "blocked"
    NOTIFY = "notify"
    DUPLICATE = "duplicate"
    HOURS = "hours"
    HELD = "held"
    BALANCE = "balance"
    CAPACITY = "capacity"
    PICTURE = "picture"
    DATA_AGE = "data_age"
    CLOCK = "clock"
    ANTI_PASSBACK = "anti_passback"


class Standing(StrEnum):
    """How a rule came out.

    `passed`: nothing against it. `against`: its finding is in the decision. `ignored`: it applies, and the access
    point ignores it. `outweighed`: a thing that opens nothing, beside one that does or one that is nearer to it.
    `not_accepted`: a thing held that no rule here asks for. `not_asked`: an earlier rule had settled the answer.
    """

    PASSED = "passed"
    AGAINST = "against"
    IGNORED = "ignored"
    OUTWEIGHED = "outweighed"
    NOT_ACCEPTED = "not_accepted"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule, judged. `finding` is what it says when it is not passed; `judged` the thing held, for `Rule.HELD`."""

    rule: Rule
    standing: Standing = Standing.PASSED
    finding: Finding | None = None
    judged: Judged | None = None

    @property
    def is_passed(self) -> bool:
        """Whether the rule has nothing against the person."""
        return self.standing is Standing.PASSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All checks of one scan. `held` is None when what the person holds was not asked for."""

    checks: tuple[Check, ...]
    held: Held | None = None
    is_repeat: bool = False

    def findings(self) -> list[Finding]:
        """What is against the person, each finding once, in the order of the rules."""
        against = [each.finding for each in self.checks if each.standing is Standing.AGAINST and each.finding]
        # Things held say the nearest reason first, whatever the order they are held in.
        misses = self.held.misses if self.held else ()
        own = [each.finding for each in self.checks if each.judged is None and each.finding in against]
        before = [each for each in own if each and each.reason in _BEFORE_HELD]
        return [*before, *misses, *(each for each in own if each and each.reason not in _BEFORE_HELD)]


_BAD_CREDENTIAL = {
    CredentialStatus.UNREADABLE: Reason.UNREADABLE_CODE,
    CredentialStatus.UNKNOWN: Reason.UNKNOWN_CARD,
    CredentialStatus.REVOKED: Reason.CARD_REVOKED,
    CredentialStatus.FORGED: Reason.FORGED_CARD,
    CredentialStatus.REPLAYED: Reason.REPLAYED_CARD,
    CredentialStatus.EXPIRED: Reason.EXPIRED_CODE,
}
_ANTI_PASSBACK_MODES = {
    AntiPassbackMode.OFF: Mode.IGNORE,
    AntiPassbackMode.SOFT: Mode.REVIEW,
    AntiPassbackMode.HARD: Mode.DENY,
}
