"""Columns are guessed by their headers in either language, and a row becomes a record with all of its problems said."""

from __future__ import annotations

import pytest

from server.imports.mapping import RowReader, guess
from server.imports.problems import CODES, RowRefused
from server.imports.records import KINDS

_PERSON = "member_id first_name last_name date_of_birth email postal_code"
_PASS = "external_id type member_id purchased_on total used"


@pytest.mark.parametrize(
    ("kind", "header", "expected"),
    [
        ("people", "Member #|First Name|Surname|DOB|E-mail|Zip code", _PERSON),
        ("people", "Numéro de membre|Prénom|Nom|Date de naissance|Courriel|Code postal", _PERSON),
        ("people", "first_name|First Name|Favourite colour", "first_name - -"),
        ("memberships", "No adhésion|Type d'abonnement|Membres|Début|Fin", "external_id type people starts_on ends_on"),
        ("multipasses", "Pass number|Pass type|Member|Purchase date|Visits|Used", _PASS),
        ("balances", "Invoice|Account number|Amount|Due date", "external_id account amount_cents due_on"),
        ("cards", "Identifiant|Type de carte|UID", "member_id kind code"),
    ],
)
def test_headers_are_understood(kind: str, header: str, expected: str) -> None:
    """Each field once, the rest left alone."""
    found = guess(KINDS[kind], header.split("|"))
    assert [each or "-" for each in found] == expected.split()


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_maps_onto_itself_and_its_examples_are_right(kind: str) -> None:
    """What we hand out comes back without a problem."""
    columns = KINDS[kind].columns
    found = guess(KINDS[kind], [each.header for each in columns])
    assert found == [each.name for each in columns]
    for place in range(2):
        RowReader(KINDS[kind], found).record([each.example[place] for each in columns])


def test_every_problem_of_a_row_is_said() -> None:
    """Not only the first; with its field."""
    reader = RowReader(KINDS["people"], ["member_id", "date_of_birth", "is_owner", "first_name"])
    with pytest.raises(RowRefused) as caught:
        reader.record(["1", "03/04/2026", "maybe", "x" * 201, "left over"])
    found = {(each.field, each.code) for each in caught.value.problems}
    assert found == {
        ("", "too_many_cells"),
        ("date_of_birth", "ambiguous_date"),
        ("is_owner", "not_yes_or_no"),
        ("first_name", "too_long"),
    }
    assert {code for _, code in found} <= set(CODES)


def test_a_note_has_lines_as_in_the_back_office() -> None:
    """Ended by LF whoever wrote them, without what nobody types; a name stays on one line."""
    reader = RowReader(KINDS["people"], ["member_id", "first_name", "admin_note"])
    record = reader.record(["7", "Ann", " Nuts.\r\n\tCall\x00 first.\rKeys\u202e at desk.\n "])
    assert getattr(record, "admin_note", None) == "Nuts.\n\tCall first.\nKeys at desk."
    assert len(getattr(reader.record(["7", "Ann", "x" * 3999 + "\r\n"]), "admin_note", "")) == 3999
    with pytest.raises(RowRefused) as caught:
        reader.record(["7", "Ann\nRoy", "x" * 4001])
    found = {(each.field, each.code) for each in caught.value.problems}
    assert found == {("first_name", "control_characters"), ("admin_note", "too_long")}


def test_headers_of_a_mac_and_in_capitals_are_understood() -> None:
    """Accents taken apart, hard blanks, capitals, and a cell in the same spelling; what was lost is a problem."""
    header = ["NUME\u0301RO DE MEMBRE", "\u00a0Pre\u0301nom ", "Nom\u00a0de\u00a0famille"]
    found = guess(KINDS["people"], header)
    assert found == ["member_id", "first_name", "last_name"]
    reader = RowReader(KINDS["people"], found)
    assert getattr(reader.record(["7", "Zoe\u0301", "Roy"]), "first_name", "") == "Zoé"
    with pytest.raises(RowRefused) as caught:
        reader.record(["7", "Zo\ufffd", "Roy"])
    assert [(each.field, each.code) for each in caught.value.problems] == [("first_name", "damaged_text")]


def test_an_empty_cell_is_nothing_and_a_hyphen_clears() -> None:
    """Given, not given, given as nothing."""
    record = RowReader(KINDS["people"], ["member_id", "email", "phone"]).record(["007", "", "-"])
    assert record.model_fields_set == {"member_id", "phone"}
    assert record.model_dump(exclude_unset=True) == {"member_id": "007", "phone": None}
