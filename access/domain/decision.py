"""The decision: one pure function for the door, the centre's "why?" and every test (DOMAIN, the decision).

`decide` is total: it never raises for a business reason. The strictest finding wins and all findings are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from access.domain.credentials import CredentialStatus
from access.domain.entitlements import gather
from access.domain.facts import AccessRequest, ClockTrust, Decision, Entitlement, Facts, Finding
from access.domain.instants import elapsed, is_within_hours, local_day
from access.domain.people import Participant
from access.domain.policy import AccessPoint, AccessType, AntiPassbackMode, Direction, Mode
from access.domain.reasons import Notice, Outcome, Reason

__all__ = ["decide"]

_BAD_CREDENTIAL = {
    CredentialStatus.UNREADABLE: Reason.UNREADABLE_CODE,
    CredentialStatus.UNKNOWN: Reason.UNKNOWN_CARD,
    CredentialStatus.REVOKED: Reason.CARD_REVOKED,
    CredentialStatus.FORGED: Reason.FORGED_CARD,
    CredentialStatus.REPLAYED: Reason.REPLAYED_CARD,
    CredentialStatus.EXPIRED: Reason.EXPIRED_CODE,
}


def decide(request: AccessRequest, facts: Facts, policy: AccessPoint, *, now: datetime, zone: tzinfo) -> Decision:
    """What the access point answers at the aware instant `now`; `zone` is the organization's time zone."""
    if request.direction is Direction.OUT:
        return _leaving(request, facts, policy, now)
    person, refusal = facts.participant, _bad_credential(request, facts)
    if refusal is not None or person is None:
        about = _about_person(person) if person is not None else ()
        found = tuple(each for each in (refusal, *about) if each is not None)
        found = tuple(sorted(found, key=lambda finding: -finding.outcome.severity))
        return Decision(outcome=Outcome.DENIED, direction=Direction.IN, findings=found)
    if _is_repeat(facts, policy, now):
        return _repeated(facts, person, policy, now, zone)
    held = gather(policy, facts, person, now=now, zone=zone)
    entitlement = _chosen(held.eligible, request)
    findings = [*_about_person(person), *_about_place(policy, now, zone), *held.misses]
    findings += _by_policy(facts, person, policy, now, zone)
    findings.sort(key=lambda finding: -finding.outcome.severity)
    outcome = Outcome.strictest(*(finding.outcome for finding in findings))
    used = entitlement if outcome is not Outcome.DENIED else None
    return Decision(
        outcome=outcome,
        direction=Direction.IN,
        findings=tuple(findings),
        entitlement=entitlement,
        choices=held.eligible if policy.is_choice_offered and len(held.eligible) > 1 else (),
        notices=tuple(_notices(used, facts, person, policy, now, zone)),
    )


def _leaving(request: AccessRequest, facts: Facts, policy: AccessPoint, now: datetime) -> Decision:
    """Going out is never refused: what would have been found is kept for staff and weighs nothing."""
    found = [
        _bad_credential(request, facts),
        *(_about_person(facts.participant) if facts.participant else ()),
    ]
    findings = tuple(Finding(reason=each.reason, outcome=Outcome.GRANTED) for each in found if each)
    left_at, entered_at = facts.presence.last_out_at, facts.presence.last_in_at
    is_repeat = left_at is not None and _is_repeated(left_at, entered_at, policy, now)
    return Decision(outcome=Outcome.GRANTED, direction=Direction.OUT, findings=findings, is_new_movement=not is_repeat)


def _bad_credential(request: AccessRequest, facts: Facts) -> Finding | None:
    reason = _BAD_CREDENTIAL.get(request.credential)
    if reason is None and facts.participant is None:
        reason = Reason.UNKNOWN_CARD
    return Finding(reason=reason, outcome=Outcome.DENIED) if reason else None


def _about_person(person: Participant) -> Iterator[Finding]:
    if person.is_blocked:
        yield Finding(reason=Reason.ENTRY_BLOCKED, outcome=Outcome.DENIED)
    if person.has_notify_flag or person.memos:
        yield Finding(reason=Reason.NOTIFY_STAFF, outcome=Outcome.REVIEW)


def _about_place(policy: AccessPoint, now: datetime, zone: tzinfo) -> Iterator[Finding]:
    if not is_within_hours(policy.opening_hours, now, zone):
        yield Finding(reason=Reason.ACCESS_POINT_CLOSED, outcome=Outcome.DENIED)


def _is_repeat(facts: Facts, policy: AccessPoint, now: datetime) -> bool:
    entered_at, left_at = facts.presence.last_in_at, facts.presence.last_out_at
    return entered_at is not None and _is_repeated(entered_at, left_at, policy, now)


def _is_repeated(moved_at: datetime, back_at: datetime | None, policy: AccessPoint, now: datetime) -> bool:
    """Whether a movement at `moved_at`, not followed by one the other way, is within the duplicate window."""
    if back_at is not None and elapsed(moved_at, back_at) > timedelta(0):
        return False
    return abs(elapsed(moved_at, now).total_seconds()) < policy.duplicate_window_s


def _repeated(facts: Facts, person: Participant, policy: AccessPoint, now: datetime, zone: tzinfo) -> Decision:
    """The same person again within the duplicate window: granted with a notice, unless blocked meanwhile."""
    findings = [each for each in _about_person(person) if each.outcome is Outcome.DENIED]
    findings.append(Finding(reason=Reason.ALREADY_CHECKED_IN, outcome=Outcome.GRANTED, at=facts.presence.last_in_at))
    return Decision(
        outcome=Outcome.strictest(*(finding.outcome for finding in findings)),
        direction=Direction.IN,
        findings=tuple(findings),
        notices=tuple(_notices(None, facts, person, policy, now, zone)),
        is_new_movement=False,
    )


def _chosen(eligible: tuple[Entitlement, ...], request: AccessRequest) -> Entitlement | None:
    wanted = [each for each in eligible if request.choice is not None and each.id == request.choice]
    return next(iter(wanted or eligible), None)


def _by_policy(
    facts: Facts, person: Participant, policy: AccessPoint, now: datetime, zone: tzinfo
) -> Iterator[Finding]:
    modes = (
        (Reason.BALANCE_DUE, policy.balance.mode, _owes_too_much(facts, policy, now, zone)),
        (Reason.CAPACITY_FULL, policy.capacity.mode, _is_full(facts, policy)),
        (Reason.NO_ACCESS_PICTURE, policy.missing_picture, person.picture is None),
        (Reason.CACHE_STALE, policy.offline.stale, _is_stale(facts, policy, now)),
        (Reason.CLOCK_UNTRUSTED, policy.offline.untrusted_clock, facts.clock is ClockTrust.UNTRUSTED),
    )
    for reason, mode, applies in modes:
        if applies and (outcome := mode.outcome) is not None:
            yield Finding(reason=reason, outcome=outcome)
    if (outcome := _anti_passback_outcome(policy)) is not None and _is_passed_back(facts, policy, now):
        yield Finding(reason=Reason.ANTI_PASSBACK, outcome=outcome, at=facts.presence.last_in_at)


def _owes_too_much(facts: Facts, policy: AccessPoint, now: datetime, zone: tzinfo) -> bool:
    account, rule = facts.account, policy.balance
    if account is None or account.balance_cents <= max(rule.threshold_cents, 0):
        return False
    # A balance whose age nobody knows is taken for old.
    return account.due_since is None or (local_day(now, zone) - account.due_since).days >= rule.age_days


def _is_full(facts: Facts, policy: AccessPoint) -> bool:
    return policy.capacity.limit is not None and facts.occupancy >= policy.capacity.limit


def _is_stale(facts: Facts, policy: AccessPoint, now: datetime) -> bool:
    if facts.data_as_of is None:
        return True
    return elapsed(facts.data_as_of, now).total_seconds() > policy.offline.max_cache_age_s


def _anti_passback_outcome(policy: AccessPoint) -> Outcome | None:
    modes = {
        AntiPassbackMode.OFF: Mode.IGNORE,
        AntiPassbackMode.SOFT: Mode.REVIEW,
        AntiPassbackMode.HARD: Mode.DENY,
    }
    return modes[policy.anti_passback.mode].outcome


def _is_passed_back(facts: Facts, policy: AccessPoint, now: datetime) -> bool:
    entered_at, left_at = facts.presence.last_in_at, facts.presence.last_out_at
    if entered_at is None or (left_at is not None and elapsed(entered_at, left_at) >= timedelta(0)):
        return False
    period_s = policy.anti_passback.period_s
    return period_s == 0 or elapsed(entered_at, now).total_seconds() < period_s


def _notices(
    entitlement: Entitlement | None,
    facts: Facts,
    person: Participant,
    policy: AccessPoint,
    now: datetime,
    zone: tzinfo,
) -> Iterator[Notice]:
    if entitlement is not None and entitlement.type is AccessType.MULTIPASS:
        if entitlement.activates:
            yield Notice.PASS_ACTIVATED
        if entitlement.remaining_after == 0 and entitlement.takes_use:
            yield Notice.LAST_USE
        if not entitlement.takes_use:
            yield Notice.USE_ALREADY_TAKEN_TODAY
    warning_at = policy.capacity.warning_at
    if warning_at is not None and facts.occupancy >= warning_at:
        yield Notice.CAPACITY_WARNING
    if person.birthday is not None and _is_birthday(person.birthday, now, zone):
        yield Notice.BIRTHDAY


def _is_birthday(birthday: tuple[int, int], now: datetime, zone: tzinfo) -> bool:
    today = local_day(now, zone)
    if birthday == (2, 29) and (today.year % 4 or (today.year % 100 == 0 and today.year % 400)):
        return (today.month, today.day) == (2, 28)
    return (today.month, today.day) == tuple(birthday)
