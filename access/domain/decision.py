"""The decision: one pure function for the door, the centre's "why?" and every test.

`decide` is total: it never raises for a business reason. The strictest finding wins and all findings are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from access.domain.checks import Judgement, judge
from access.domain.facts import AccessRequest, Decision, Entitlement, Facts
from access.domain.instants import local_day
from access.domain.people import Participant
from access.domain.policy import AccessPoint, AccessType, Direction
from access.domain.reasons import Notice, Outcome

__all__ = ["concluded", "decide"]


def decide(request: AccessRequest, facts: Facts, policy: AccessPoint, *, now: datetime, zone: tzinfo) -> Decision:
    """What the access point answers at the aware instant `now`; `zone` is the organization's time zone."""
    return concluded(judge(request, facts, policy, now=now, zone=zone), request, facts, policy, now=now, zone=zone)


def concluded(
    judgement: Judgement, request: AccessRequest, facts: Facts, policy: AccessPoint, *, now: datetime, zone: tzinfo
) -> Decision:
    """The decision that the checks come to; they must be those of the same scan."""
    findings = tuple(sorted(judgement.findings, key=lambda finding: -finding.outcome.severity))
    outcome = Outcome.strictest(*(finding.outcome for finding in findings))
    is_new = not judgement.is_repeat
    if request.direction is Direction.OUT:
        return Decision(outcome=outcome, direction=Direction.OUT, findings=findings, is_new_movement=is_new)
    person, held = facts.participant, judgement.held
    if person is None or (held is None and is_new):
        return Decision(outcome=outcome, direction=Direction.IN, findings=findings)
    eligible = held.eligible if held else ()
    entitlement = _chosen(eligible, request)
    used = entitlement if outcome is not Outcome.DENIED else None
    return Decision(
        outcome=outcome,
        direction=Direction.IN,
        findings=findings,
        entitlement=entitlement,
        choices=eligible if policy.is_choice_offered and len(eligible) > 1 else (),
        notices=tuple(_notices(used, facts, person, policy, now, zone)),
        is_new_movement=is_new,
    )


def _chosen(eligible: tuple[Entitlement, ...], request: AccessRequest) -> Entitlement | None:
    wanted = [each for each in eligible if request.choice is not None and each.id == request.choice]
    return next(iter(wanted or eligible), None)


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
