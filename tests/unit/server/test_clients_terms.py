"""Folding, reading a search, counting errors, ranking and marking: what the search of clients is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.clients.folding import Person, digits, fold, variants, words_of
from server.clients.ranking import Candidate, Rank, marked, ranked, reached_by
from server.clients.terms import errors_in, parse


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Marie-Ève", "marie eve"),
        ("O’BRIEN", "o brien"),
        ("Œuvré Straße", "oeuvre strasse"),
        ("Łódź", "lodz"),
        (" ", ""),
    ],
)
def test_accents_case_and_punctuation_go(written: str, folded: str) -> None:
    """Letters and digits stay."""
    assert fold(written) == folded


@given(st.text(max_size=60))
def test_folding_is_done_once_and_leaves_nothing_that_a_query_could_read(text: str) -> None:
    """Folding again changes nothing; only letters, digits and single blanks are left."""
    once = fold(text)
    assert all(each.isalnum() or each == " " for each in once)
    assert "  " not in once
    assert all(each.isalnum() for word in parse(text).words for spelling in word for each in spelling.text)


@pytest.mark.parametrize("written", ["+1 (514) 555-1234", "514.555.1234", "15145551234", "514 555 1234"])
def test_a_telephone_number_is_its_digits(written: str) -> None:
    """However it is written."""
    assert digits(written) == "5145551234"
    assert {"5145551234", "5551234", "1234"} <= set(words_of(Person("A", "B", phone=written)).all)


@given(st.text("abcdefgh", min_size=3, max_size=12), st.data())
def test_one_error_is_always_forgiven(name: str, data: st.DataObject) -> None:
    """Whatever letter is wrong, missing, added or swapped, the two share a variant and differ by one."""
    at = data.draw(st.integers(0, len(name) - 2))
    letter = data.draw(st.sampled_from("abcdxyz"))
    spoilt = [
        name[:at] + name[at + 1 :],
        name[:at] + letter + name[at + 1 :],
        name[:at] + letter + name[at:],
        name[:at] + name[at + 1] + name[at] + name[at + 2 :],
    ]
    for typed in spoilt:
        assert variants(typed) & variants(name)
        assert (errors_in(typed, name) or 0) <= 1


@pytest.mark.parametrize(
    ("typed", "name"), [("abc", "xyz"), ("roy", "ryan"), ("smith", "tremblay"), ("trmbly", "tremblay")]
)
def test_another_name_is_not_a_misspelt_one(typed: str, name: str) -> None:
    """Two errors in a short word, or a different word."""
    assert errors_in(typed, name) is None


def _candidate(id_: str, first: str, last: str, **more: object) -> Candidate:
    given = {"member_id": None, "email": None, "phone": None, **more}
    words = words_of(Person(first, last))
    return Candidate(id_, f"a-{id_}", words.by_last, words.by_first, **given)  # type: ignore[arg-type]


def test_the_number_itself_comes_before_names_and_names_before_misspelt_ones() -> None:
    """And each person once, by the best of their reasons."""
    people = [
        _candidate("misspelt", "Ann", "Rot", is_misspelt=True),
        _candidate("email", "Zed", "Zulu", email="roy@example.org"),
        _candidate("inside", "Ann", "St-Roy"),
        _candidate("begun", "Ann", "Royer"),
        _candidate("number", "Zed", "Zulu", member_id="ROY"),
        _candidate("begun", "Ann", "Royer", is_misspelt=True),
    ]
    found = ranked(parse("roy"), people)
    assert [person.person_id for _, person in found] == ["number", "begun", "inside", "email", "misspelt"]
    assert [rank for rank, _ in found] == list(Rank)


def test_what_was_meant_is_marked() -> None:
    """The letters typed, accents and all; the whole word when it is misspelt."""

    def said(term: str, text: str) -> str:
        return "".join(f"[{part.text}]" if part.is_meant else part.text for part in marked(parse(term), text))

    assert said("eve trem", "Marie-Ève Tremblay") == "Marie-[Ève] [Trem]blay"
    assert said("trembaly", "Lucie Tremblay") == "Lucie [Tremblay]"
    assert said("nobody", "Lucie Tremblay") == "Lucie Tremblay"


def test_what_else_was_meant_is_said_only_when_the_name_was_not() -> None:
    """The member ID, the number or the address."""
    more = {"member_id": "M-77", "email": "max@example.org", "phone": "514 555 0199"}
    told = {term: reached_by(parse(term), "Max Roy", **more) for term in ("max", "roy max", "m77", "555 0199", "max@")}
    assert told == {"max": "", "roy max": "", "m77": "member_id", "555 0199": "phone", "max@": ""}
