"""Which of the people found comes first, and which letters of them were meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from server.clients.folding import compact, digits, fold
from server.clients.terms import Term, errors_in

__all__ = ["Candidate", "Part", "Rank", "marked", "ranked", "reached_by"]

_TOO_MANY: Final = 3
_WORD: Final = re.compile(r"\w+", re.UNICODE)


class Rank(IntEnum):
    """How well somebody fits, best first."""

    EXACT = 0
    """The member ID, the card, the e-mail address or the telephone number itself."""
    IN_ORDER = 1
    """The name begins so, in one order or the other."""
    BY_NAME = 2
    """Each word begins a part of the name."""
    OTHERWISE = 3
    """By a part of the e-mail address, a number, or the account's name."""
    MISSPELT = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody whom the index gave."""

    person_id: str
    account_id: str
    by_last: str
    by_first: str
    member_id: str | None
    email: str | None
    phone: str | None
    is_holder: bool = False
    is_misspelt: bool = False


def ranked(term: Term, candidates: Iterable[Candidate]) -> list[tuple[Rank, Candidate]]:
    """Each candidate once, the best first, and people of one rank by name."""
    once = {each.person_id: each for each in reversed(list(candidates))}
    exact, number = term.one, term.number
    found = [(_rank(term, each, exact, number), each) for each in once.values()]
    return sorted(found, key=lambda pair: (pair[0], _errors(term, *pair), pair[1].by_last, pair[1].person_id))


def _rank(term: Term, person: Candidate, exact: str, number: str) -> Rank:
    if person.is_holder or _is_exact(term, person, exact, number):
        return Rank.EXACT
    if person.is_misspelt:
        return Rank.MISSPELT
    if term.sequence and (person.by_last.startswith(term.sequence) or person.by_first.startswith(term.sequence)):
        return Rank.IN_ORDER
    names = person.by_first.split()
    if all(any(name.startswith(spellings[0].text) for name in names) for spellings in term.words):
        return Rank.BY_NAME
    return Rank.OTHERWISE


def _is_exact(term: Term, person: Candidate, exact: str, number: str) -> bool:
    if term.is_name:
        return (person.member_id or "").casefold() == term.text.casefold()
    return bool(
        (exact and exact == compact(person.member_id or ""))
        or term.text.casefold() == (person.email or "").casefold()
        or (number and number == digits(person.phone or ""))
    )


def _errors(term: Term, rank: Rank, person: Candidate) -> int:
    if rank is not Rank.MISSPELT:
        return 0
    names = person.by_first.split()
    return sum(_least_errors(spellings[0].text, names) for spellings in term.words)


def _least_errors(typed: str, names: Sequence[str]) -> int:
    found = [0 if name.startswith(typed) else errors_in(typed, name) for name in names]
    return min((each for each in found if each is not None), default=_TOO_MANY)


def reached_by(term: Term, name: str, *, member_id: str | None, email: str | None, phone: str | None) -> str:
    """Which of a person's particulars the term is part of, if their name is not: member_id, phone, email or nothing."""
    names = fold(name).split()
    if all(_least_errors(spellings[0].text, names) < _TOO_MANY for spellings in term.words):
        return ""
    texts = [spelling.text for spellings in term.words for spelling in spellings]
    if any(compact(member_id or "").startswith(text) for text in texts):
        return "member_id"
    number = digits(phone or "")
    if any(text.isdigit() and len(text) >= 3 and text in number for text in texts):
        return "phone"
    return "email" if any(text in compact(email or "") for text in texts) else ""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `is_meant` when the search means it."""

    text: str
    is_meant: bool


def marked(term: Term, text: str) -> tuple[Part, ...]:
    """A text cut where the term's words begin its words; a misspelt word is meant as a whole."""
    parts: list[Part] = []
    at = 0
    for word in _WORD.finditer(text):
        length = _meant_letters(term, word[0])
        if length:
            parts += [Part(text[at : word.start()], False), Part(text[word.start() : word.start() + length], True)]
            at = word.start() + length
    return tuple(part for part in (*parts, Part(text[at:], False)) if part.text)


def _meant_letters(term: Term, word: str) -> int:
    folded = compact(word)
    typed = [spellings[0].text for spellings in term.words] + [term.one]
    starts = [each for each in typed if each and folded.startswith(each)]
    if starts:
        return _letters(word, max(len(each) for each in starts))
    inside = any(folded and each.startswith(folded) and len(folded) > 3 for each in typed[-1:])
    is_near = any(len(each) > 2 and each.isalpha() and errors_in(each, folded) is not None for each in typed)
    return len(word) if inside or is_near else 0


def _letters(word: str, folded: int) -> int:
    """How many letters of a word as written give so many folded ones."""
    for length in range(1, len(word) + 1):
        if len(fold(word[:length])) >= folded:
            return length
    return len(word)
