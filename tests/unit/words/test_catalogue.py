"""The two catalogues: complete, twins of each other, discreet in public and properly typeset."""

import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from access.domain.credentials import CredentialKind, CredentialStatus
from access.domain.memberships import MembershipStatus
from access.domain.multipasses import MultipassStatus
from access.domain.people import AgeGroup, Language
from access.domain.policy import AccessType, Direction, EntitlementClass
from access.domain.reasons import Notice, Outcome, Reason
from access.domain.registrations import RegistrationStatus
from access.wire.events import EventCause, EventKind
from access.words import LANGUAGES, Phrase

ALLOWED: dict[str, set[str]] = {
    "label": set(),
    "visitor": {"date", "time", "name", "pass_name"},
    "next_step": {"date", "time"},
    "staff": {"date", "time", "name", "pass_name", "amount"},
    "staff_step": set(),
}
VOCABULARIES: dict[str, set[str]] = {
    "outcome": set(Outcome),
    "notice": set(Notice),
    "membership_status": set(MembershipStatus),
    "multipass_status": set(MultipassStatus),
    "pass_type": {*AccessType, *EntitlementClass},
    "credential_kind": set(CredentialKind),
    "credential_status": set(CredentialStatus),
    "registration_status": set(RegistrationStatus),
    "age_group": set(AgeGroup),
    "direction": set(Direction),
    "event_kind": set(EventKind),
    "event_cause": set(EventCause),
}
INDISCREET = re.compile(
    r"balance|\bpay|\bow(e|ing)\b|\bdebt|money|invoice|\bfee|\$|dollar|amount|memo|e-?mail|medic|allerg|blocked|"
    r"solde|\bpaie|\bpayer|\bdette|argent|facture|frais|montant|mémo|courriel|médic|santé|bloqu|forge|contref",
    re.IGNORECASE,
)
SPACE = "\u00a0"


def catalogue(language: str) -> dict[str, Any]:
    text = resources.files("access.words").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def phrases(table: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Phrase]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from phrases(value, (*path, key))
        else:
            yield ".".join((*path, key)), Phrase.read(value)


def of_reasons(language: str, *fields: str) -> Iterator[tuple[str, str]]:
    for code, entry in catalogue(language)["reason"].items():
        for field in fields:
            for variant in Phrase.read(entry[field]).variants:
                yield f"{code}.{field}", variant


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_its_five_texts(language: str) -> None:
    """The 27 reasons of the law and the fallback, each named, and for visitor and staff with a next step."""
    reasons = catalogue(language)["reason"]
    assert set(reasons) == set(Reason) | {"unknown"}
    for code, entry in reasons.items():
        assert set(entry) == set(ALLOWED), code
        assert all(Phrase.read(text).variants[-1].strip() for text in entry.values()), code


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("table", "codes"), VOCABULARIES.items())
def test_every_code_of_the_law_has_a_label(language: str, table: str, codes: set[str]) -> None:
    """A status or kind that the law adds cannot be forgotten here."""
    assert codes <= catalogue(language)[table].keys()


def test_both_languages_of_the_law_have_words() -> None:
    """Every language of a screen has its catalogue."""
    assert set(LANGUAGES) == set(Language)


def test_the_catalogues_are_twins() -> None:
    """The same keys, the same details and as many variants in both languages."""
    english, french = dict(phrases(catalogue("en"))), dict(phrases(catalogue("fr")))
    assert english.keys() == french.keys()
    for key, phrase in english.items():
        if key.startswith("language."):
            continue
        details = [Phrase((v,)).details for v in phrase.variants]
        assert [Phrase((v,)).details for v in french[key].variants] == details, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_agreed_details_and_always_a_bare_last_variant(language: str) -> None:
    """A text can be said when nothing more than the reason code is known."""
    for code, entry in catalogue(language)["reason"].items():
        for field, allowed in ALLOWED.items():
            phrase = Phrase.read(entry[field])
            assert phrase.details <= allowed, f"{code}.{field}"
            assert not Phrase(phrase.variants[-1:]).details, f"{code}.{field}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_public_texts_are_discreet(language: str) -> None:
    """Nobody in the queue learns of money, a memo, an e-mail, health or an accusation."""
    texts = list(of_reasons(language, "visitor", "next_step"))
    assert [text for text in texts if INDISCREET.search(text[1])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_unpaid_balance_reads_like_a_note(language: str) -> None:
    """An unpaid balance cannot be told from any other quick word."""
    reasons = catalogue(language)["reason"]
    assert reasons["balance_due"]["visitor"] == reasons["notify_staff"]["visitor"]
    assert reasons["balance_due"]["next_step"] == reasons["notify_staff"]["next_step"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_public_texts_are_short_enough_for_two_metres(language: str) -> None:
    """A reason fits in two lines of the kiosk."""
    assert [text for text in of_reasons(language, "visitor") if len(text[1]) > 60] == []
    assert [text for text in of_reasons(language, "next_step") if len(text[1]) > 50] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_tell_the_reasons_apart(language: str) -> None:
    """Short, and no two alike."""
    labels = [text for _, text in of_reasons(language, "label")]
    assert len(set(labels)) == len(labels)
    assert [label for label in labels if len(label) > 30] == []


def test_french_typography() -> None:
    """Curly apostrophes, a no-break space before a colon and none before a semicolon (Canadian usage)."""
    for key, phrase in phrases(catalogue("fr")):
        for text in phrase.variants:
            assert "'" not in text, key
            assert "..." not in text, key
            assert not re.search(rf"[^{SPACE}]:(?!\d)", re.sub(r"\{[^}]*\}", "x", text)), key
            assert not re.search(rf"[ {SPACE}][;!?]", text), key
            assert "\u202f" not in text, key
