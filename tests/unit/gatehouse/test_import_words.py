"""What `gatehouse import` prints: words in the terminal's language, never a bare code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console

from gatehouse.commands.import_words import said_failure, show, texts_for

JOB: dict[str, Any] = {
    "kind": "people",
    "state": "checked",
    "failure": "",
    "added": 3,
    "changed": 0,
    "unchanged": 1,
    "refused": 2,
    "problem_count": 22,
    "problems": [
        {"row": 7, "column": "member_id", "code": "twice", "value": "0\x1b[31m", "details": {"first": 2}},
        {"row": 8, "column": "pauses.first_on", "code": "not_thought_of_yet", "value": "x", "details": {}},
    ],
}


def shown(environment: Mapping[str, str], *, width: int = 200, is_started: bool = False, **more: Any) -> str:
    out = io.StringIO()
    console = Console(width=width, highlight=False, file=out)
    show(console, JOB | more, texts_for(environment), is_started=is_started)
    assert all(len(line) <= width for line in out.getvalue().splitlines())
    return " ".join(out.getvalue().replace("│", " ").split())


def test_problems_are_said_in_english_unless_asked_otherwise() -> None:
    """What is wrong and what to do; a code that has no words yet as it is; no control character."""
    said = shown({})
    assert "People. Checked, not started. would be added: 3, would be changed: 0, stay as they are: 1" in said
    assert "Member ID" in said
    assert "The same is in row 2 already. Keep one of them." in said
    assert "twice" not in said
    assert "not_thought_of_yet" in said
    assert "\\x1b[31m" in said
    assert "... and 2 more" in said
    assert "Add --start" in said
    assert "Keep one" in shown({}, width=60)


@pytest.mark.parametrize(
    "environment", [{"LANG": "fr_CA.UTF-8"}, {"LANG": "C", "LC_ALL": "fr_FR"}, {"LC_ALL": "", "LANG": "fr"}]
)
def test_a_french_locale_has_it_in_french(environment: dict[str, str]) -> None:
    """Whichever variable says so."""
    said = shown(environment, state="done", is_started=True)
    assert "La ligne 2 contient déjà la même chose." in said
    assert "Ajoutées".lower() in said
    assert "--start" not in said


def test_a_failure_says_why() -> None:
    """In words; what nobody told is left open rather than half said."""
    assert "The file has no rows." in shown({"LANG": "en_CA.UTF-8"}, state="failed", failure="empty", problems=[])
    assert said_failure(texts_for({}), "too_large") == "The file is too large: at most … MB."
    assert said_failure(texts_for({}), "too_large", {"most": 100}) == "The file is too large: at most 100 MB."
    assert said_failure(texts_for({}), "unheard_of") == ""
