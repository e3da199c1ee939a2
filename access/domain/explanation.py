"""Why a decision is what it is: every rule with the facts it looked at, and the nearest change that would have opened.

Everything said here comes from the checks that `decide` itself is made of; every change is proven by running them
again on the changed facts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum

from access.domain.candidates import candidates
from access.domain.changes import Change, ChangeKind, Situation, applied
from access.domain.checks import Check, Judgement, Rule, judge
from access.domain.decision import concluded
from access.domain.facts import AccessRequest, Decision, Facts
from access.domain.instants import Hours, elapsed, local_day
from access.domain.memberships import Membership
from access.domain.multipasses import Multipass
from access.domain.people import Text
from access.domain.policy import AccessPoint
from access.domain.reasons import Outcome
from access.domain.registrations import ActivityKind, Registration

__all__ = ["MAX_CHANGES", "Explanation", "Fact", "Line", "Way", "explain", "size_of"]

MAX_CHANGES = 4
"""Ways of more changes than this are not looked for: nobody would call them near."""

_MAX_WAYS = 5
_MAX_JUDGEMENTS = 1500
_KEPT_AT_A_LEVEL = 24

Fact = str | int | bool | date | datetime | Text | StrEnum | tuple[Hours, ...] | None
"""What a rule looked at. Names end as in the rest of the domain: `_at`, `_on`, `_s`, `_cents`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A check and the facts it looked at, by name, in the order in which they are read."""

    check: Check
    facts: tuple[tuple[str, Fact], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Changes that, made together in this order, would have opened the door. A smaller size is nearer."""

    changes: tuple[Change, ...]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A decision with all that led to it. `nearest` is empty when the door opened, and when no way was found."""

    decision: Decision
    checks: tuple[Line, ...]
    nearest: tuple[Way, ...]


def explain(request: AccessRequest, facts: Facts, policy: AccessPoint, *, now: datetime, zone: tzinfo) -> Explanation:
    """Explains what `decide` says of the same scan. Pure and total, as it is."""
    situation = Situation(request=request, facts=facts, now=now)
    judgement = judge(request, facts, policy, now=now, zone=zone)
    decision = concluded(judgement, request, facts, policy, now=now, zone=zone)
    lines = tuple(Line(check=each, facts=_looked_at(each, situation, policy, zone)) for each in judgement.checks)
    return Explanation(
        decision=decision,
        checks=lines,
        nearest=() if decision.outcome is Outcome.GRANTED else _nearest(situation, judgement, policy, zone),
    )


# -- the nearest ways to a yes


def size_of(change: Change, now: datetime) -> int:
    """How large a change is: 1 is a moment's work at the desk, 10 and more a purchase or a long wait."""
    if change.kind is ChangeKind.WAIT and change.at is not None:
        hours = elapsed(now, change.at).total_seconds() / 3600
        return 2 if hours <= 1 else 4 if hours <= 12 else 7 if hours <= 48 else 12
    return _SIZES[change.kind]


_SIZES = {
    ChangeKind.FRESH_DATA: 1,
    ChangeKind.TRUSTED_CLOCK: 1,
    ChangeKind.CHECK_OUT: 1,
    ChangeKind.CLEAR_NOTE: 1,
    ChangeKind.ADD_PICTURE: 2,
    ChangeKind.FEWER_INSIDE: 2,
    ChangeKind.ISSUE_INVOICE: 2,
    ChangeKind.LIFT_PAUSE: 3,
    ChangeKind.START_MEMBERSHIP: 3,
    ChangeKind.START_MULTIPASS: 3,
    ChangeKind.NEW_CARD: 3,
    ChangeKind.REGISTER: 4,
    ChangeKind.PAY: 4,
    ChangeKind.ADD_USES: 5,
    ChangeKind.EXTEND_MULTIPASS: 5,
    ChangeKind.RENEW_MEMBERSHIP: 5,
    ChangeKind.COVER_PERSON: 6,
    ChangeKind.UNBLOCK: 8,
    ChangeKind.SELL_MULTIPASS: 10,
    ChangeKind.SELL_MEMBERSHIP: 11,
    ChangeKind.SELL_REGISTRATION: 12,
}
_SALES = (ChangeKind.SELL_MEMBERSHIP, ChangeKind.SELL_MULTIPASS, ChangeKind.SELL_REGISTRATION)


@dataclass(frozen=True, slots=True)
class _Step:
    """A place in the search: the changes made so far and how things would stand with them."""

    changes: tuple[Change, ...]
    size: int
    situation: Situation
    judgement: Judgement

    @property
    def opens(self) -> bool:
        outcomes = (each.outcome for each in self.judgement.findings)
        return Outcome.strictest(*outcomes) is Outcome.GRANTED

    @property
    def sells(self) -> bool:
        return any(change.kind in _SALES for change in self.changes)


def _nearest(situation: Situation, judgement: Judgement, policy: AccessPoint, zone: tzinfo) -> tuple[Way, ...]:
    """The ways with the fewest changes, nearest first: all single ones, or else pairs, or else more.

    Where only a sale would have been enough, one change more is looked at: it may be nearer.
    """
    level, tried = [_Step((), 0, situation, judgement)], 0
    sales: list[_Step] = []
    for _ in range(MAX_CHANGES):
        found: dict[frozenset[Change], _Step] = {}
        for step in level:
            if tried >= _MAX_JUDGEMENTS:
                break
            following, judged = _following(step, policy, zone)
            tried += judged
            for each in following:
                found.setdefault(frozenset(each.changes), each)
        steps = sorted(found.values(), key=lambda each: each.size)
        opening = [each for each in steps if each.opens]
        if kept := [each for each in opening if not each.sells and (not sales or each.size < sales[0].size)]:
            return _ways(kept)
        if sales:
            break
        sales = opening
        level = [each for each in steps if not each.opens][:_KEPT_AT_A_LEVEL]
    return _ways(sales)


def _ways(steps: list[_Step]) -> tuple[Way, ...]:
    return tuple(Way(changes=each.changes, size=each.size) for each in steps[:_MAX_WAYS])


def _following(step: _Step, policy: AccessPoint, zone: tzinfo) -> tuple[list[_Step], int]:
    """The steps that one more change leads to, when it changes anything; and how many were tried.

    Of several waits with the same result only the shortest is one.
    """
    found: list[_Step] = []
    seen_waits: set[object] = set()
    tried = 0
    before, made = step.judgement.findings, {(each.kind, each.id) for each in step.changes}
    for change in candidates(step.situation, step.judgement, policy, zone=zone):
        if (change.kind, change.id) in made:
            continue
        after = applied(change, step.situation)
        judgement = judge(after.request, after.facts, policy, now=after.now, zone=zone)
        tried += 1
        if judgement.findings == before:
            continue
        if change.kind is ChangeKind.WAIT:
            result = tuple(each.reason for each in judgement.findings)
            if result in seen_waits:
                continue
            seen_waits.add(result)
        size = step.size + size_of(change, step.situation.now)
        found.append(_Step((*step.changes, change), size, after, judgement))
    return found, tried


# -- the facts that each rule looked at


def _looked_at(check: Check, situation: Situation, policy: AccessPoint, zone: tzinfo) -> tuple[tuple[str, Fact], ...]:
    facts, person, account = situation.facts, situation.facts.participant, situation.facts.account
    presence, offline = facts.presence, policy.offline
    match check.rule:
        case Rule.CREDENTIAL:
            return (("credential", situation.request.credential),)
        case Rule.BLOCKED:
            return (("is_blocked", person.is_blocked if person else None),)
        case Rule.NOTIFY:
            has_flag, memos = (person.has_notify_flag, len(person.memos)) if person else (None, None)
            return (("has_notify_flag", has_flag), ("memos", memos))
        case Rule.DUPLICATE:
            moved = (("last_in_at", presence.last_in_at), ("last_out_at", presence.last_out_at))
            return (*moved, ("duplicate_window_s", policy.duplicate_window_s))
        case Rule.HOURS:
            return (("scanned_at", situation.now), ("opening_hours", policy.opening_hours))
        case Rule.HELD:
            return _thing(check, situation, zone)
        case Rule.BALANCE:
            owed = (("balance_cents", account.balance_cents), ("due_since_on", account.due_since)) if account else ()
            limits = (("threshold_cents", policy.balance.threshold_cents), ("age_days", policy.balance.age_days))
            return (*owed, *limits, ("mode", policy.balance.mode))
        case Rule.CAPACITY:
            limit = policy.capacity.limit
            return (("occupancy", facts.occupancy), ("limit", limit), ("mode", policy.capacity.mode))
        case Rule.PICTURE:
            return (("has_picture", bool(person and person.picture)), ("mode", policy.missing_picture))
        case Rule.DATA_AGE:
            age = (("data_as_of_at", facts.data_as_of), ("max_cache_age_s", offline.max_cache_age_s))
            return (*age, ("mode", offline.stale))
        case Rule.CLOCK:
            return (("clock", facts.clock), ("mode", offline.untrusted_clock))
        case Rule.ANTI_PASSBACK:
            moved = (("last_in_at", facts.movements.last_in_at), ("last_out_at", facts.movements.last_out_at))
            rule = policy.anti_passback
            return (*moved, ("period_s", rule.period_s), ("anti_passback", rule.mode))


def _thing(check: Check, situation: Situation, zone: tzinfo) -> tuple[tuple[str, Fact], ...]:
    if check.judged is None:
        return ()
    rule, thing = check.judged.rule, check.judged.thing
    asked: tuple[tuple[str, Fact], ...] = (("access_type", rule.type),)
    if rule.schedule:
        asked = (*asked, ("schedule", rule.schedule))
    if isinstance(thing, Membership):
        return (*_membership(thing, local_day(situation.now, zone)), *asked)
    if isinstance(thing, Multipass):
        return (*_multipass(thing, situation, zone), *asked)
    return (*_registration(thing, situation), *asked) if thing is not None else asked


def _membership(membership: Membership, day: date) -> tuple[tuple[str, Fact], ...]:
    paused = membership.pause_on(day)
    return (
        ("name", membership.name),
        ("membership_status", membership.status_on(day)),
        ("starts_on", membership.starts_on),
        ("last_on", membership.last_on),
        *((("paused_through_on", membership.paused_through(day)),) if paused else ()),
    )


def _multipass(multipass: Multipass, situation: Situation, zone: tzinfo) -> tuple[tuple[str, Fact], ...]:
    state = multipass.state(situation.facts.uses, zone)
    return (
        ("name", multipass.name),
        ("remaining", state.remaining),
        ("total", multipass.total),
        ("effective_on", state.effective_on),
        ("expires_on", state.expires_on),
    )


def _registration(registration: Registration, situation: Situation) -> tuple[tuple[str, Fact], ...]:
    activity = next((each for each in situation.facts.activities if each.id == registration.activity_id), None)
    is_booking = activity is not None and activity.kind is ActivityKind.FACILITY_BOOKING
    return (
        ("name", activity.name if activity else None),
        ("registration_status", registration.status),
        ("occurrences", len(activity.occurrences) if activity else None),
        *((("has_invoice", registration.has_invoice),) if is_booking else ()),
    )
