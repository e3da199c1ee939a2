"""How a word, a date, a time and a count are said."""

from datetime import UTC, date, datetime, time

import pytest

from access.words import Phrase, words

NBSP = "\u00a0"


def test_the_most_detailed_variant_whose_details_are_known() -> None:
    """A missing, empty or blank detail falls back to a plainer sentence."""
    english = words("en").reason("membership_not_started")
    assert english.visitor(date=date(2026, 12, 1)) == "Your membership starts on 1 December"
    assert english.visitor() == "Your membership has not started yet"
    assert english.visitor(date=None) == english.visitor(date=" ") == english.visitor(colour="blue")


def test_french_details() -> None:
    """The first of the month, the hour and the colon as they are written in French Canada."""
    french = words("fr")
    started = french.reason("membership_not_started").visitor(date=date(2026, 12, 1))
    assert started == f"Votre adhésion commence le 1er{NBSP}décembre"
    window = french.reason("outside_activity_window").visitor(name="Natation 3", time=time(17, 30))
    assert window == f"Natation 3{NBSP}: entrée à partir de 17{NBSP}h{NBSP}30"


@pytest.mark.parametrize(
    ("language", "at", "said"),
    [
        ("en", time(17, 30), "17:30"),
        ("en", time(9, 5), "09:05"),
        ("en", time(9, 0), "09:00"),
        ("fr", time(17, 30), "17_h_30"),
        ("fr", time(9, 5), "9_h_05"),
        ("fr", time(9, 0), "9_h"),
        ("fr", time(0, 0), "0_h"),
    ],
)
def test_times(language: str, at: time, said: str) -> None:
    """Twenty-four hours in both languages."""
    assert words(language).time(at) == said.replace("_", NBSP)


@pytest.mark.parametrize(
    ("language", "day", "said"),
    [
        ("en", date(2026, 5, 31), "31 May"),
        ("en", date(2027, 5, 31), "31 May 2027"),
        ("fr", date(2026, 8, 2), "2_août"),
        ("fr", date(2027, 1, 1), "1er_janvier_2027"),
    ],
)
def test_dates_carry_another_year(language: str, day: date, said: str) -> None:
    """The year is said only when it is not this year."""
    assert words(language).date(day, today=date(2026, 3, 1)) == said.replace("_", NBSP)


def test_date_and_time() -> None:
    """An instant in one go."""
    at = datetime(2026, 12, 1, 17, 30, tzinfo=UTC)
    assert words("en").date_and_time(at) == "1 December, 17:30"
    assert words("fr").date_and_time(at, today=date(2026, 1, 1)) == "1er_décembre, 17_h_30".replace("_", NBSP)


def test_remaining() -> None:
    """Counted, short, unlimited and overdrawn."""
    english, french = words("en"), words("fr")
    assert english.remaining(2, 10) == "2 of 10 left"
    assert english.remaining(3, 5, is_short=True) == "3/5"
    assert english.remaining(None, None) == "Unlimited"
    assert english.remaining(-1, 10) == "overdrawn by 1"
    assert french.remaining(2, 10) == "il en reste 2 sur 10"
    assert french.remaining(None, None) == "Illimité"


def test_the_field_s_labels() -> None:
    """The exact labels of the field."""
    english = words("en")
    assert english.multipass_status("activates_on_first_use") == "Activates on first use"
    assert english.multipass_status("no_expiration") == "No expiration"
    assert english.multipass_status("expires", on=date(2026, 5, 31)) == "Expires 31 May"
    assert english.outcome("review") == "Needs review"
    assert words("fr").pass_type("multipass") == "Laissez-passer"
    assert words("fr").pair("Piscine", "2") == f"Piscine{NBSP}: 2"


def test_unknown_codes_are_said_carefully() -> None:
    """A code of a newer version never raises and never shows braces."""
    assert words("en").reason("struck_by_lightning").visitor() == words("en").reason("notify_staff").visitor()
    assert words("en").label("event_kind", "flew_in") == "flew in"
    assert words("en").label("no_such_table", "flew_in") == "flew in"


def test_unknown_languages_get_english() -> None:
    """A region is ignored and a strange language gets English."""
    assert words("fr-CA").code == words("FR_ca").code == "fr"
    assert words("de").code == words("").code == "en"


def test_a_detail_is_never_read_as_a_template() -> None:
    """Braces in a pass's name stay braces."""
    said = words("en").reason("multipass_depleted").visitor(pass_name="{date} {0.__class__} {")
    assert said == "{date} {0.__class__} { has no entries left"
    assert Phrase(("{name}",)).say({"name": "{name}"}) == "{name}"
