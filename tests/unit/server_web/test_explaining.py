"""Explanations in words: whatever the facts, both languages have something to say of each."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from access.domain.changes import Change, ChangeKind
from access.domain.explanation import Way, explain
from access.domain.instants import Hours
from server.admin.explaining import Telling
from server.admin.say import Say
from server.admin.texts import texts
from tests.unit.access import facts as some

ZONE = ZoneInfo("America/Toronto")
EN, FR = (Telling(Say(language, ZONE, some.NOW)) for language in ("en", "fr"))
_TONES = {"granted", "review", "denied", "quiet"}


@given(some.cases() | some.wild_cases, some.near_instants)
@settings(max_examples=100, deadline=None)
def test_everything_can_be_said(case: some.Case, now: some.datetime) -> None:
    """No fact without a text, no rule without a name and a result, no change without words."""
    request, facts, policy = case
    explanation = explain(request, facts, policy, now=now, zone=ZONE)
    for telling in (EN, FR):
        for line in explanation.checks:
            told = telling.line(line)
            assert told.rule
            assert told.result
            assert told.tone in _TONES
            assert all(told.facts)
        assert all(telling.way(way) for way in explanation.nearest)


def test_ways_are_sentences() -> None:
    """Changes in a row, in both languages, with numbers said right."""
    changes = (
        Change(kind=ChangeKind.PAY, amount=3250),
        Change(kind=ChangeKind.ADD_USES, name=some.Text("Pool", "Piscine"), amount=2),
    )
    way = Way(changes=changes, size=9)
    assert EN.way(way) == "Pay $32.50 and then add 2 uses to Pool"
    assert FR.way(way) == "Payer 32,50\xa0$ puis ajouter 2 utilisations à Piscine"


@pytest.mark.parametrize(
    ("days", "said"),
    [((1, 2, 3, 4, 5), "Mon–Fri 06:00–00:00"), ((1, 2, 3, 4, 5, 6, 7), "06:00–00:00"), ((6, 7), "Sat Sun 06:00–00:00")],
)
def test_hours_are_short(days: tuple[int, ...], said: str) -> None:
    """Runs of days as a span, all days not at all."""
    assert EN.hours([Hours(days=days, opens=some.time(6))]).replace(".", "") == said


def test_every_change_has_its_words() -> None:
    """Each kind in each language."""
    for telling in (EN, FR):
        for kind in ChangeKind:
            change = Change(kind=kind, at=some.NOW, on=some.TODAY, amount=1)
            assert telling.change(change)
    assert texts("en")("why.then") != texts("fr")("why.then")
