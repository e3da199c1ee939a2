"""People's names made safe to show on a public screen: one line, no invisible characters, initials, both directions."""

from __future__ import annotations

import unicodedata
from typing import Final

from access.domain.people import Participant
from access.domain.policy import NameShown

__all__ = ["clean", "in_sentence", "initials", "shown_name"]

MAX_CHARACTERS: Final = 60
_JOINERS = "\u200c\u200d"
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"


def clean(text: str, limit: int = MAX_CHARACTERS) -> str:
    """One line without control and direction-changing characters, at most `limit` long."""
    visible = "".join(
        " " if each.isspace() else each
        for each in text
        if each.isspace() or each in _JOINERS or not unicodedata.category(each).startswith("C")
    )
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def shown_name(person: Participant, policy: NameShown) -> str:
    """As much of the name as the policy lets a public screen show."""
    if policy is NameShown.NONE:
        return ""
    return clean(person.first_name if policy is NameShown.FIRST else person.full_name)


def initials(person: Participant, policy: NameShown) -> str:
    """Initials of the shown part of the name: "MT", "M", or "" when there is nothing to show."""
    if policy is NameShown.NONE:
        return ""
    parts = (person.first_name,) if policy is NameShown.FIRST else (person.first_name, person.last_name)
    letters = (next(filter(str.isalnum, clean(part)), "") for part in parts)
    return "".join(letter.upper()[:1] for letter in letters)


def in_sentence(name: str) -> str:
    """The name ready to stand in a sentence: one in a right-to-left script keeps its order to itself."""
    is_right_to_left = any(unicodedata.bidirectional(each) in ("R", "AL") for each in name)
    return f"{_FIRST_STRONG_ISOLATE}{name}{_POP_ISOLATE}" if is_right_to_left else name
