"""Every rule of the door, judged once: what each looked at, whether it was passed, and what it says when it was not.

`decide` is made from these checks and `explain` shows them; no rule is written anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from access.domain.credentials import CredentialStatus
from access.domain.entitlements import Held, Judged, PassedOver, gather
from access.domain.facts import AccessRequest, ClockTrust, Facts, Finding
from access.domain.instants import elapsed, is_within_hours, local_day
from access.domain.memberships import Membership
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
    """One rule, judged. `finding` is what it says when it is not passed (a second exit says nothing: it only is no new
    movement); `judged` is the thing held, for `Rule.HELD`."""

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

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the decision says, each finding once, in the order of the checks."""
        return tuple(each.finding for each in self.checks if each.standing is Standing.AGAINST and each.finding)


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


def judge(request: AccessRequest, facts: Facts, policy: AccessPoint, *, now: datetime, zone: tzinfo) -> Judgement:
    """Asks every rule about a scan at the aware instant `now`. Total: it never raises for a business reason."""
    credential, about_person, person = _credential(request, facts), _person(facts), facts.participant
    if request.direction is Direction.OUT:
        # Going out is never refused: what is found is kept for staff and weighs nothing.
        again = _repeated_exit(facts, policy, now)
        asked = [*map(_weighing_nothing, [credential, *about_person]), again]
        return Judgement(checks=(*asked, *_not_asked(asked)), is_repeat=not again.is_passed)
    if person is None or not credential.is_passed:
        asked = [credential, *about_person]
        return Judgement(checks=(*asked, *_not_asked(asked)))
    duplicate = _duplicate(facts, policy, now)
    if not duplicate.is_passed:
        # The same person again: only a block outweighs it.
        asked = [credential, *(each for each in about_person if each.rule is Rule.BLOCKED), duplicate]
        return Judgement(checks=(*asked, *_not_asked(asked)), is_repeat=True)
    held = gather(policy, facts, person, now=now, zone=zone)
    place = (duplicate, _hours(policy, now, zone))
    by_policy = _by_policy(facts, policy, held, now, zone)
    return Judgement(checks=(credential, *about_person, *place, *_held(held), *by_policy), held=held)


def _check(rule: Rule, finding: Finding | None) -> Check:
    return Check(rule=rule, finding=finding, standing=Standing.AGAINST if finding else Standing.PASSED)


def _not_asked(asked: list[Check]) -> list[Check]:
    known = {each.rule for each in asked}
    return [Check(rule=rule, standing=Standing.NOT_ASKED) for rule in Rule if rule not in known]


def _weighing_nothing(check: Check) -> Check:
    found = check.finding
    return _check(check.rule, Finding(reason=found.reason, outcome=Outcome.GRANTED)) if found else check


def _credential(request: AccessRequest, facts: Facts) -> Check:
    reason = _BAD_CREDENTIAL.get(request.credential)
    if reason is None and facts.participant is None:
        reason = Reason.UNKNOWN_CARD
    return _check(Rule.CREDENTIAL, Finding(reason=reason, outcome=Outcome.DENIED) if reason else None)


def _person(facts: Facts) -> list[Check]:
    person = facts.participant
    if person is None:
        return []
    blocked = Finding(reason=Reason.ENTRY_BLOCKED, outcome=Outcome.DENIED) if person.is_blocked else None
    is_noted = person.has_notify_flag or person.memos
    noted = Finding(reason=Reason.NOTIFY_STAFF, outcome=Outcome.REVIEW) if is_noted else None
    return [_check(Rule.BLOCKED, blocked), _check(Rule.NOTIFY, noted)]


def _duplicate(facts: Facts, policy: AccessPoint, now: datetime) -> Check:
    entered_at, left_at = facts.presence.last_in_at, facts.presence.last_out_at
    if entered_at is None or not _is_repeated(entered_at, left_at, policy, now):
        return Check(rule=Rule.DUPLICATE)
    found = Finding(reason=Reason.ALREADY_CHECKED_IN, outcome=Outcome.GRANTED, at=entered_at)
    return _check(Rule.DUPLICATE, found)


def _repeated_exit(facts: Facts, policy: AccessPoint, now: datetime) -> Check:
    left_at, entered_at = facts.presence.last_out_at, facts.presence.last_in_at
    is_again = left_at is not None and _is_repeated(left_at, entered_at, policy, now)
    return Check(rule=Rule.DUPLICATE, standing=Standing.AGAINST if is_again else Standing.PASSED)


def _is_repeated(moved_at: datetime, back_at: datetime | None, policy: AccessPoint, now: datetime) -> bool:
    """Whether a movement at `moved_at`, not followed by one the other way, is within the duplicate window."""
    if back_at is not None and elapsed(moved_at, back_at) > timedelta(0):
        return False
    return abs(elapsed(moved_at, now).total_seconds()) < policy.duplicate_window_s


def _hours(policy: AccessPoint, now: datetime, zone: tzinfo) -> Check:
    is_open = is_within_hours(policy.opening_hours, now, zone)
    return _check(Rule.HOURS, None if is_open else Finding(reason=Reason.ACCESS_POINT_CLOSED, outcome=Outcome.DENIED))


def _held(held: Held) -> list[Check]:
    """What opens the door first, then the misses from the nearest on, then what says nothing here."""
    said: list[Finding] = []
    checks = [_held_check(each, held, said) for each in held.judged if _is_telling(each)]
    if held.misses and not said:
        checks.append(_check(Rule.HELD, held.misses[0]))
    eligible = {id(each): place for place, each in enumerate(held.eligible)}
    places = {miss.reason: len(eligible) + place for place, miss in enumerate(held.misses)}

    def place(check: Check) -> tuple[int, bool]:
        is_aside = check.standing is not Standing.AGAINST
        if check.judged is not None and id(check.judged.answer) in eligible:
            return eligible[id(check.judged.answer)], is_aside
        return places.get(check.finding.reason, len(Reason)) if check.finding else len(Reason) + 1, is_aside

    return sorted(checks, key=place)


def _is_telling(judged: Judged) -> bool:
    """What other people of the account hold is nobody's business here, except a membership that could cover more."""
    return judged.answer is not PassedOver.OTHER_PERSON or isinstance(judged.thing, Membership)


def _held_check(judged: Judged, held: Held, said: list[Finding]) -> Check:
    answer = judged.answer
    if isinstance(answer, PassedOver):
        return Check(rule=Rule.HELD, standing=Standing.NOT_ACCEPTED, judged=judged)
    if not isinstance(answer, Finding):
        return Check(rule=Rule.HELD, judged=judged)
    is_said = answer in held.misses and answer not in said
    if is_said:
        said.append(answer)
    standing = Standing.AGAINST if is_said else Standing.OUTWEIGHED
    return Check(rule=Rule.HELD, standing=standing, finding=answer, judged=judged)


def _by_policy(facts: Facts, policy: AccessPoint, held: Held, now: datetime, zone: tzinfo) -> Iterator[Check]:
    """The rules whose weight is a setting of the access point."""
    person = facts.participant
    passback, entered_at = _ANTI_PASSBACK_MODES[policy.anti_passback.mode], facts.movements.last_in_at
    rows = (
        (Rule.BALANCE, Reason.BALANCE_DUE, policy.balance.mode, _owes_too_much(facts, policy, now, zone), None),
        (Rule.CAPACITY, Reason.CAPACITY_FULL, policy.capacity.mode, _is_full(facts, policy), None),
        (
            Rule.PICTURE,
            Reason.NO_ACCESS_PICTURE,
            policy.missing_picture,
            person is None or person.picture is None,
            None,
        ),
        (Rule.DATA_AGE, Reason.CACHE_STALE, *_data_age(facts, policy, held, now), None),
        (
            Rule.CLOCK,
            Reason.CLOCK_UNTRUSTED,
            policy.offline.untrusted_clock,
            facts.clock is ClockTrust.UNTRUSTED,
            None,
        ),
        (Rule.ANTI_PASSBACK, Reason.ANTI_PASSBACK, passback, _is_passed_back(facts, policy, now), entered_at),
    )
    for rule, reason, mode, applies, at in rows:
        outcome = mode.outcome
        if not applies:
            yield Check(rule=rule)
        elif outcome is None:
            yield Check(rule=rule, standing=Standing.IGNORED)
        else:
            yield _check(rule, Finding(reason=reason, outcome=outcome, at=at))


def _owes_too_much(facts: Facts, policy: AccessPoint, now: datetime, zone: tzinfo) -> bool:
    account, rule = facts.account, policy.balance
    if account is None or account.balance_cents <= max(rule.threshold_cents, 0):
        return False
    # A balance whose age nobody knows is taken for old.
    return account.due_since is None or (local_day(now, zone) - account.due_since).days >= rule.age_days


def _is_full(facts: Facts, policy: AccessPoint) -> bool:
    return policy.capacity.limit is not None and facts.occupancy >= policy.capacity.limit


def _data_age(facts: Facts, policy: AccessPoint, held: Held, now: datetime) -> tuple[Mode, bool]:
    """What the rule does, and whether it applies: facts that are too old, or a strict pass of which nothing was lent,
    so that nobody here can know what is left of it. The latter is never ignored."""
    stale = policy.offline.stale
    if held.eligible and held.eligible[0].needs_lease:
        return (Mode.REVIEW if stale is Mode.IGNORE else stale), True
    return stale, _is_stale(facts, policy, now)


def _is_stale(facts: Facts, policy: AccessPoint, now: datetime) -> bool:
    if facts.data_as_of is None:
        return True
    return elapsed(facts.data_as_of, now).total_seconds() > policy.offline.max_cache_age_s


def _is_passed_back(facts: Facts, policy: AccessPoint, now: datetime) -> bool:
    entered_at, left_at = facts.movements.last_in_at, facts.movements.last_out_at
    if entered_at is None or (left_at is not None and elapsed(entered_at, left_at) >= timedelta(0)):
        return False
    period_s = policy.anti_passback.period_s
    return period_s == 0 or elapsed(entered_at, now).total_seconds() < period_s
