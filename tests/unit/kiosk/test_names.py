"""Names on a public screen: as much as the policy allows, and never able to disturb the text around them."""

import pytest

from access.domain.people import Participant
from access.domain.policy import NameShown
from kiosk.names import clean, in_sentence, initials, shown_name


def person(first: str, last: str = "") -> Participant:
    return Participant(id="p", account_id="a", first_name=first, last_name=last)


@pytest.mark.parametrize(
    ("policy", "shown", "letters"),
    [
        (NameShown.FULL, "Maya Tremblay-Roy", "MT"),
        (NameShown.FIRST, "Maya", "M"),
        (NameShown.NONE, "", ""),
    ],
)
def test_as_much_of_the_name_as_the_policy_shows(policy: NameShown, shown: str, letters: str) -> None:
    """Full, first or none, and initials of no more than that."""
    maya = person("Maya", "Tremblay-Roy")
    assert shown_name(maya, policy) == shown
    assert initials(maya, policy) == letters


@pytest.mark.parametrize(
    ("first", "last", "letters"),
    [
        ("élodie", "d’Aoust", "ÉD"),
        ("Cher", "", "C"),
        ("’t", "(Hooft)", "TH"),
        ("", "", ""),
        ("\u202e", "🙂", ""),
        ("ßeta", "x", "SX"),
    ],
)
def test_initials_of_unusual_names(first: str, last: str, letters: str) -> None:
    """The first letter or digit of each part, upper-case, at most one each."""
    assert initials(person(first, last), NameShown.FULL) == letters


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Maya \n\t Roy ", "Maya Roy"),
        ("a\u202eb\u2066c\x00d\x1b[31m", "abcd[31m"),
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("x" * 61, "x" * 59 + "…"),
        ("\u200fמאיה", "מאיה"),
        ("\ud800", ""),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    """One line, without control or direction marks, cut with an ellipsis."""
    assert clean(text) == cleaned


def test_right_to_left_names_keep_their_order_to_themselves() -> None:
    """Only a name in a right-to-left script is isolated."""
    assert in_sentence("Maya") == "Maya"
    assert in_sentence("מאיה") == "\u2068מאיה\u2069"
