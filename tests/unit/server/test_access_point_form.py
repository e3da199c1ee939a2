"""Settings document <-> form: nothing is lost on the way, and what cannot be is refused beside its field."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.domain.policy import AccessPoint, Direction, EntitlementClass, Mode
from server.access_points.choices import Choices
from server.access_points.fields import FIELDS
from server.access_points.form import SETTINGS, differing, filled, policy_of, read
from server.access_points.rows import FRESH
from server.access_points.values import PROBLEMS, Values, changed, values_of
from server.models import AccessPoint as SavedPoint
from tests.unit.server.access_points import page_values, points


@given(points, st.sampled_from(["en", "fr"]))
def test_every_access_point_survives_its_form(point: AccessPoint, language: str) -> None:
    """Access point -> form -> document -> the same access point, in both languages."""
    document = SavedPoint.settings_of(point)
    reading = read(filled(point, language), Choices().for_point(point), document)
    assert reading.problems == {}
    assert reading.document is not None
    assert policy_of(reading.document) == point
    assert reading.document == document


@given(points)
def test_the_form_alone_says_everything(point: AccessPoint) -> None:
    """Nothing comes from the document that was saved before."""
    reading = read(filled(point, "en"), Choices().for_point(point), {"direction": "both", "pulse_ms": 9})
    assert reading.document == SavedPoint.settings_of(point)


def test_every_setting_has_its_place_in_the_form() -> None:
    """Who adds a setting to the law adds it here, and to the page."""
    assert {each.name for each in fields(AccessPoint)} - set(SETTINGS) == {"id", "name", "site_id"}
    values, _ = page_values()
    assert {name.split(".")[0] for name in values} | {each.name.split(".")[0] for each in FIELDS} == set(
        SETTINGS.values()
    )


def test_the_defaults_are_an_empty_document() -> None:
    """Only what differs is kept."""
    values, choices = page_values()
    assert read(values, choices, {}).document == {}


def test_what_the_form_does_not_know_is_refused_by_the_law_not_dropped() -> None:
    """A document from a newer version is not quietly cut down."""
    values, choices = page_values()
    assert read(values, choices, {"from_the_future": 1}).problems["form"].code == "not_possible"


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("direction", "sideways", "choose"),
        ("facility", "not-there", "unknown_choice"),
        ("balance.mode", "", "choose"),
        ("balance.threshold", "", "required"),
        ("balance.threshold", "ten", "not_amount"),
        ("balance.threshold", "1,234", "not_amount"),
        ("balance.threshold", "1,234.50", "not_amount"),
        ("balance.threshold", "-1", "too_small"),
        ("balance.threshold", "1000000.01", "too_large"),
        ("balance.threshold", "nan", "not_amount"),
        ("balance.age_days", "3651", "too_large"),
        ("balance.age_days", "1.5", "not_whole"),
        ("capacity.limit", "many", "not_whole"),
        ("capacity.limit", "-1", "too_small"),
        ("capacity.limit", "٣", "not_whole"),
        ("capacity.warning_at", "²", "not_whole"),
        ("anti_passback.mode", "perhaps", "choose"),
        ("anti_passback.period", "", "required"),
        ("anti_passback.period", "9" * 13, "not_whole"),
        ("duplicate_window", "86401", "too_large"),
        ("duplicate_window", "-1", "too_small"),
        ("missing_picture", "x", "choose"),
        ("kiosk.name", "x", "choose"),
        ("pulse", "0", "too_small"),
        ("pulse", "0.0001", "not_seconds"),
        ("pulse", "601", "too_large"),
        ("offline.max_age", "366", "too_large"),
        ("offline.stale", "x", "choose"),
        ("offline.untrusted_clock", "x", "choose"),
        ("auto_exit", "8761", "too_large"),
        ("auto_exit", "", "required"),
        ("rules.0.type", "key", "choose"),
        ("rules.0.scope", "some", "choose"),
        ("rules.0.window", "later", "choose"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(name: str, said: str, code: str) -> None:
    """One problem, at that field, with a text of its own."""
    values, choices = page_values()
    assert code in PROBLEMS
    reading = read({**values, name: [said]}, choices, {})
    assert reading.document is None
    assert {field: problem.code for field, problem in reading.problems.items()} == {name: code}


def test_no_form_is_too_strange() -> None:
    """An empty form is refused field by field; nothing raises."""
    reading = read({}, Choices(), {})
    assert reading.document is None
    assert reading.problems["balance.threshold"].code == "required"


@given(
    st.dictionaries(
        st.sampled_from(sorted({*page_values()[0], "hours", "hours.0.days", "hours.0.opens", "rules.0.hours"})),
        st.lists(st.text(max_size=8), max_size=3),
        max_size=6,
    )
)
def test_whatever_is_typed_is_read_or_refused(typed: Values) -> None:
    """Never an exception; a document only without problems."""
    values, choices = page_values()
    reading = read({**values, **typed}, choices, {})
    assert (reading.document is None) == bool(reading.problems)


@pytest.mark.parametrize(
    ("said", "cents"),
    [("12.50", 1250), ("12,50", 1250), ("12,5", 1250), ("$12", 1200), ("1 234,50 $", 123_450), ("0", 0)],
)
def test_money_is_read_in_both_languages(said: str, cents: int) -> None:
    """A comma and a point are both the decimals."""
    values, choices = page_values()
    document = read({**values, "balance.threshold": [said]}, choices, {}).document
    assert document is not None
    assert policy_of(document).balance.threshold_cents == cents


def test_numbers_are_written_as_the_language_writes_them() -> None:
    """And spans in the largest unit that needs no fraction."""
    document = {"balance": {"threshold_cents": 1205}, "pulse_ms": 500, "offline": {"max_cache_age_s": 7200}}
    english, french = page_values(document)[0], page_values(document, "fr")[0]
    assert (english["balance.threshold"], french["balance.threshold"]) == (["12.05"], ["12,05"])
    assert (english["pulse"], french["pulse"]) == (["0.5"], ["0,5"])
    assert (english["offline.max_age"], english["offline.max_age.unit"]) == (["2"], ["hours"])


def _with_hours(**row: list[str]) -> dict[str, Any]:
    values, choices = page_values()
    values |= {"hours": ["7"], **{f"hours.7.{name}": each for name, each in {**FRESH["hours"], **row}.items()}}
    reading = read(values, choices, {})
    return reading.document or {name: problem.code for name, problem in reading.problems.items()}


def test_opening_hours_run_past_midnight() -> None:
    """A closing time before the opening one is the next day's; a time may be written as in French."""
    assert _with_hours(days=["6", "5"], opens=["20 h 00"], closes=["2:00"])["opening_hours"] == [
        {"days": [5, 6], "opens": "20:00:00", "closes": "02:00:00"}
    ]


def test_wrong_hours_are_refused_beside_their_row() -> None:
    """No day, no time, a time that is none, a time with an offset."""
    assert _with_hours(days=[]) == {"hours.7.days": "days_missing"}
    assert _with_hours(opens=[""]) == {"hours.7.opens": "required"}
    assert _with_hours(closes=["25:00"]) == {"hours.7.closes": "not_time"}
    assert _with_hours(closes=["10:00Z"]) == {"hours.7.closes": "not_time"}


def _with_rule(**row: list[str]) -> dict[str, Any]:
    values, _ = page_values()
    choices = Choices().for_point(policy_of({"access_rules": [{"type": "session", "chosen": ["swim"]}]}))
    values |= {"rules": ["3"], **{f"rules.3.{name}": each for name, each in {**FRESH["rules"], **row}.items()}}
    reading = read(values, choices, {})
    return reading.document or {name: problem.code for name, problem in reading.problems.items()}


def test_an_access_rule_names_what_it_is_about() -> None:
    """Chosen ones are of the chosen type, and there."""
    session = {"type": ["session"], "scope": ["chosen"]}
    assert _with_rule(**session, **{"chosen.session": ["swim"]})["access_rules"][0]["chosen"] == ["swim"]
    assert _with_rule(**session) == {"rules.3.chosen.session": "chosen_missing"}
    assert _with_rule(**session, **{"chosen.session": ["ski"]}) == {"rules.3.chosen.session": "unknown_choice"}
    assert _with_rule(**session, **{"chosen.membership": ["swim"]}) == {"rules.3.chosen.session": "chosen_missing"}
    assert _with_rule(type=["session"], window=["around"]) == {"rules.3.minutes": "required"}
    assert _with_rule(type=["session"], window=["around"], minutes=["20"])["access_rules"] == [
        {"type": "session", "window": {"kind": "around", "minutes_before": 20}}
    ]


def test_fields_that_do_not_fit_together() -> None:
    """Child pick-up without check-out; a warning that would never come."""
    values, choices = page_values()
    pick_up = read({**values, "attendance.has_child_pick_up": ["on"]}, choices, {}).problems
    assert pick_up["attendance.has_child_pick_up"].code == "pick_up_needs_check_out"
    full = read({**values, "capacity.limit": ["10"], "capacity.warning_at": ["11"]}, choices, {}).problems
    assert full["capacity.warning_at"].code == "warning_above_limit"


def test_rows_are_added_moved_and_removed_without_a_browsers_help() -> None:
    """A removed row takes its fields along; a moved one keeps them; keys are never used twice."""
    values, choices = page_values()
    values = changed(values, "add rules", FRESH) or {}
    values["rules.2.type"] = ["drop_in"]
    values = changed(values, "add rules.2.hours", FRESH) or {}
    values = changed(values, "up rules 2", FRESH) or {}
    values = changed(values, "remove rules 0", FRESH) or {}
    values = changed(values, "up order counted_multipass", FRESH) or {}
    assert not [name for name in values if name.startswith("rules.0.")]
    document = read(values, choices, {}).document
    assert document is not None
    assert [rule["type"] for rule in document["access_rules"]] == ["drop_in", "multipass"]
    assert document["access_rules"][0]["schedule"][0]["days"] == [1, 2, 3, 4, 5]
    assert document["order"][2:] == [EntitlementClass.COUNTED_MULTIPASS, EntitlementClass.UNLIMITED_MULTIPASS]


@pytest.mark.parametrize(
    "action", ["", "explode", "add", "add name_en", "add rules.0.hours.1", "remove rules", "add order"]
)
def test_what_is_no_action_is_refused(action: str) -> None:
    """None for it; a row that is not there changes nothing."""
    values, _ = page_values()
    assert changed(values, action, FRESH) in (None, values)
    assert changed(values, "remove rules 99", FRESH) == values


def test_a_form_is_never_larger_than_its_rows() -> None:
    """Row keys once each, two hundred at most."""
    sent = [*(("hours", "1") for _ in range(5)), *(("rules", str(key)) for key in range(500))]
    values = values_of(sent)
    assert (values["hours"], len(values["rules"])) == (["1"], 200)
    assert changed(values, "add rules", FRESH) == values


def test_what_differs_is_named() -> None:
    """As the parts of the form."""
    one, other = policy_of({}), policy_of({"direction": Direction.BOTH, "balance": {"mode": Mode.DENY}})
    assert differing(one, other) == ["direction", "balance"]
