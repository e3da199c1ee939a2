"""The sample organization holds together: unique cards, sane families, expectations in the law's own words."""

from __future__ import annotations

import io

from PIL import Image

from access.domain.reasons import Outcome, Reason
from gatehouse.demo import office
from gatehouse.demo.cards import CARD_SIZE, draw_card
from gatehouse.demo.once import plan
from gatehouse.demo.people import DOORS, SAMPLE, by_key, membership_types, multipass_types
from gatehouse.demo.portraits import PORTRAIT_SIZE, portrait_jpeg
from gatehouse.demo.venue import DEVICE_NAMES


def test_every_card_is_a_credential_of_its_own() -> None:
    """No two people share a printed number or a chip."""
    people = by_key().values()
    assert len({person.member_id for person in people}) == len(people)
    assert len({person.uid for person in people}) == len(people)
    assert all(person.member_id.startswith("0") and len(person.uid) == 7 for person in people)


def test_what_is_held_names_people_and_products_that_exist() -> None:
    """Memberships and multipasses refer to people of the account and to types that are sold."""
    for account in SAMPLE:
        keys = {person.key for person in account.people}
        for held in account.memberships:
            assert set(held["people"]) <= keys
            assert held["type"] in membership_types
        for held in account.multipasses:
            assert held["person"] is None or held["person"] in keys
            assert held["type"] in multipass_types


def test_expected_answers_are_words_of_the_law() -> None:
    """Each expectation is an outcome, and a reason where it is not a plain grant."""
    for person in by_key().values():
        for expected in (person.pool, person.gym):
            outcome, _, reason = expected.partition(" ")
            assert Outcome(outcome)
            assert (reason == "") == (outcome == "granted")
            assert not reason or Reason(reason)


def test_the_unattended_run_makes_at_least_sixty_scans_over_three_technologies() -> None:
    """The plan is as large and as mixed as promised, and expects every outcome."""
    steps = [step for door in DOORS for step in plan(door)]
    assert len(steps) >= 60
    assert {step.technology for step in steps} == {"barcode", "camera", "nfc"}
    assert {step.expected.split()[0] for step in steps} == {"granted", "review", "denied"}
    assert all(step.person is not None for step in steps if step.technology == "camera")


def test_whoever_is_asked_which_pass_to_use_holds_two_and_takes_the_second() -> None:
    """At the pool alone; what they choose is not what would have been used anyway."""
    asked = [step for step in plan("pool") if step.chooses]
    assert [step.person.key for step in asked if step.person] == ["samira"]
    assert not any(step.chooses for step in plan("gym"))
    haddads = next(account for account in SAMPLE if account.key == "haddad")
    usable = [held for held in haddads.multipasses if held["person"] in (None, "samira")]
    assert len(usable) == 2
    first_to_expire = min(usable, key=lambda held: held.get("expires", 10_000))
    assert multipass_types[first_to_expire["type"]]["name_en"] != asked[0].chooses


def test_every_card_on_the_wall_says_what_it_is_for() -> None:
    """A label under each."""
    assert [person.key for person in by_key().values() if not person.story] == []


def test_portraits_and_cards_are_pictures_of_the_promised_size() -> None:
    """A portrait is the same JPEG every time; a card is CR80 at 300 dots an inch."""
    jpeg = portrait_jpeg("Maya Tremblay")
    assert jpeg == portrait_jpeg("Maya Tremblay")
    assert jpeg != portrait_jpeg("Noah Tremblay")
    assert Image.open(io.BytesIO(jpeg)).size == PORTRAIT_SIZE
    assert draw_card(by_key()["sam"]).size == CARD_SIZE


def test_what_has_one_language_in_the_model_is_at_home_in_both() -> None:
    """Names in two languages differ or are given twice; those of one language hold both, or a word of both."""
    english = {"club", "volunteer", "needs", "level", "friends", "school", "door", "lifeguard"}
    for name in (*(tag for tag, _, _ in office._TAGS), *(level for skill in office._SKILLS for level in skill[3])):
        assert not english & set(name.lower().split())
    for question in office._QUESTIONS:
        assert question["label_fr"] not in ("", question["label_en"])
        assert not english & {each.lower() for each in question.get("choices", ())}
    assert set(DEVICE_NAMES) == set(DOORS)
    assert all(" · " in name for name in DEVICE_NAMES.values())
