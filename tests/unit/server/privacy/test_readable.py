"""The page of an export: every column has a word or is no business of people, and instants are on the local clock."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import inspect

from server import models
from server.privacy.export import LEFT_OUT
from server.privacy.readable import Reader, readable
from server.privacy.words import heading, is_for_people

EXPORTED: list[type[Any]] = [
    models.Person,
    models.Account,
    models.ClientLogin,
    models.Credential,
    models.Memo,
    models.ExtraAnswer,
    models.PersonSkill,
    models.PictureVersion,
    models.Membership,
    models.Multipass,
    models.PassUse,
    models.Registration,
    models.AllowedAdult,
    models.Contact,
    models.BalanceEntry,
    models.Mail,
    models.Settlement,
    models.AuditEntry,
    models.Event,
]
FRENCH = Reader("fr", ZoneInfo("America/Toronto"))


def plain(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("table", EXPORTED, ids=lambda each: each.__name__)
def test_every_column_that_people_read_has_words(table: type[Any]) -> None:
    """A new one is named, or said to be ours."""
    shown = {each.key for each in inspect(table).column_attrs} - LEFT_OUT
    assert {each for each in shown if is_for_people(each) and heading("en", each) == each.replace("_", " ")} == set()


def test_an_evening_in_toronto_is_not_the_next_day() -> None:
    """As UTC it would be 2 January."""
    assert plain(FRENCH.said("issued_at", "2026-01-02T02:05:00.000Z")) == "1er janvier 2026, 21 h 05"
    assert plain(FRENCH.said("starts_on", "2026-01-02")) == "2 janvier 2026"
    assert FRENCH.said("text", "2026-13-45") == "2026-13-45"


def test_codes_are_words_where_they_mean_one() -> None:
    """The same column may mean something else in another list; what has no word is shown as it is."""
    assert FRENCH.said("kind", "checked_in") == "Entrée"
    assert FRENCH.said("kind", "barcode") == "Code à barres"
    assert FRENCH.said("kind", "charge") == "charge"
    assert FRENCH.said("is_blocked", False) == "non"


def test_keys_of_ours_are_left_to_the_json_and_text_stays_text() -> None:
    """Nothing that somebody typed is markup."""
    document = {
        "made_at": "2026-01-02T02:05:00.000Z",
        "memos": [{"id": "0123", "person_id": "zoe", "text": "<b>x</b>"}],
    }
    page = readable(document, "Club", FRENCH)
    assert "<dt>Texte</dt><dd>&lt;b&gt;x&lt;/b&gt;</dd>" in page
    assert "0123" not in page
    assert "zoe" not in page
