"""Laws of what is held: in whatever order, whoever else holds what, and however often a card is shown."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from access.domain.decision import decide
from access.domain.facts import AccessRequest, Decision, Facts, Presence
from access.domain.instants import in_utc
from access.domain.multipasses import PassUse
from access.domain.policy import AccessType
from access.domain.reasons import Outcome, Reason
from tests.unit.access import facts as some

LISTS = ("memberships", "multipasses", "activities", "registrations")


def distinct(facts: Facts) -> Facts:
    """Without the second of two things of one id, which is no fact of this world."""
    kept: dict[str, Any] = {
        name: tuple({each.id: each for each in reversed(getattr(facts, name))}.values()) for name in LISTS
    }
    kept["activities"] = tuple(
        replace(each, occurrences=tuple({one.id: one for one in each.occurrences}.values()))
        for each in kept["activities"]
    )
    return replace(facts, **kept)


def said(decision: Decision) -> tuple[object, ...]:
    return decision.outcome, decision.reasons, decision.entitlement, decision.choices, decision.notices


def with_twins(facts: Facts) -> Facts:
    """Everything held twice, so that nothing but their ids tells two things apart."""
    held = ("memberships", "multipasses", "registrations")
    twins: dict[str, Any] = {
        name: tuple(one for each in getattr(facts, name) for one in (each, replace(each, id=f"{each.id}-twin")))
        for name in held
    }
    return replace(facts, **twins)


@given(some.cases() | some.wild_cases, some.zones, st.booleans(), st.data())
@settings(max_examples=150, deadline=None)
def test_the_order_in_which_things_are_told_changes_nothing(
    case: some.Case, zone: ZoneInfo, is_twofold: bool, data: st.DataObject
) -> None:
    """Any one eligible thing is enough, and which one is used depends on the things alone, not on who came first."""
    request, facts, policy = AccessRequest(choice=case[0].choice), distinct(case[1]), some.lenient(case[2])
    facts = replace(with_twins(facts) if is_twofold else facts, participant=some.MAYA)
    mixed: dict[str, Any] = {name: tuple(data.draw(st.permutations(getattr(facts, name)))) for name in LISTS}
    rules = tuple(data.draw(st.permutations(policy.access_rules)))
    before = decide(request, facts, policy, now=some.NOW, zone=zone)
    after = decide(request, replace(facts, **mixed), replace(policy, access_rules=rules), now=some.NOW, zone=zone)
    assert said(after) == said(before)


@given(some.cases(), some.zones, some.memberships, some.multipasses, some.registrations, some.uses)
@settings(max_examples=150, deadline=None)
def test_what_others_hold_neither_opens_nor_closes_the_door(
    case: some.Case, zone: ZoneInfo, membership: Any, multipass: Any, registration: Any, use: Any
) -> None:
    """A sibling's membership, pass, registration and uses say nothing of this person."""
    request, facts, policy = case
    with_others = replace(
        facts,
        memberships=(replace(membership, id="m-other", person_ids=("p2",)), *facts.memberships),
        multipasses=(replace(multipass, id="x-other", person_id="p2"), *facts.multipasses),
        registrations=(replace(registration, id="r-other", person_id="p2"), *facts.registrations),
        uses=(replace(use, id="u-other", multipass_id="x-other"), *facts.uses),
    )
    alone = decide(request, facts, policy, now=some.NOW, zone=zone)
    assert decide(request, with_others, policy, now=some.NOW, zone=zone) == alone


@given(some.cases(is_entry=True), some.zones, st.integers(1, 3600), st.data())
@settings(max_examples=200, deadline=None)
def test_one_check_in_takes_one_use_and_its_undoing_gives_it_back(
    case: some.Case, zone: ZoneInfo, window_s: int, data: st.DataObject
) -> None:
    """The same card again within the window is granted and takes nothing; undone, the pass is as it was."""
    request, facts, policy = case
    policy = replace(policy, duplicate_window_s=window_s)
    facts = replace(distinct(facts), presence=Presence())
    first = decide(request, facts, policy, now=some.NOW, zone=zone)
    assume(first.outcome is Outcome.GRANTED)
    assert first.entitlement is not None
    uses = (*facts.uses, use_of(first)) if first.takes_use else facts.uses
    recorded = replace(facts, uses=uses, presence=Presence(last_in_at=some.NOW))
    later = in_utc(some.NOW) + timedelta(seconds=data.draw(st.integers(0, window_s - 1)))
    again = decide(request, recorded, policy, now=later, zone=zone)
    assert (again.outcome, again.reasons) == (Outcome.GRANTED, (Reason.ALREADY_CHECKED_IN,))
    assert not again.is_new_movement
    assert not again.takes_use
    if first.entitlement.type is AccessType.MULTIPASS:
        [used] = [each for each in facts.multipasses if each.id == first.entitlement.id]
        assert used.state(recorded.uses, zone).remaining == first.entitlement.remaining_after
        undone = (*recorded.uses, replace(use_of(first), is_undone=True))
        assert used.state(undone, zone).remaining == first.entitlement.remaining


def use_of(decision: Decision) -> PassUse:
    assert decision.entitlement is not None
    return PassUse(id="this-one", multipass_id=decision.entitlement.id, person_id="p1", used_at=some.NOW)
