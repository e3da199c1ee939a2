"""What somebody types into the search, as words to look for. Pure.

Every word must fit the same person, in any order; the last letters of each may be missing, because it is being typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from rapidfuzz.distance import OSA

from server.clients.folding import MAX_NAME, compact, digits, fold, split

__all__ = ["MAX_TERM", "Term", "Word", "errors_in", "parse"]

MAX_TERM: Final = 200
_MOST_WORDS: Final = 6
_LEAST_FORGIVEN: Final = 3
_TWO_ERRORS: Final = 8
_LOCAL_NUMBER: Final = 7


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word to look for; the beginning of one unless it must be whole."""

    text: str
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A search. `sequence` is the folded text, `words` the spellings of each of its words."""

    text: str
    sequence: str
    words: tuple[tuple[Word, ...], ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked."""
        return not self.text

    @property
    def one(self) -> str:
        """All of it as one word."""
        return compact(self.text)

    @property
    def number(self) -> str:
        """Its digits, when they may be a telephone number and nothing else is there."""
        found = digits(self.text)
        return found if len(found) >= _LOCAL_NUMBER and not any(each.isalpha() for each in self.text) else ""

    @property
    def is_name(self) -> bool:
        """Whether names could begin with it as it stands."""
        return bool(self.sequence) and not any(each.isdigit() for each in self.sequence) and "@" not in self.text

    @property
    def ways(self) -> tuple[tuple[tuple[Word, ...], ...], ...]:
        """Its words; or all of them as one, as in "mac donald"."""
        if not self.words:
            return ()
        joined = ((Word(self.one),),)
        return (self.words,) if len(self.words) == 1 else (self.words, joined)

    @property
    def is_forgiven(self) -> bool:
        """Whether any of its words is long enough to be a misspelt name."""
        return any(can_be_misspelt(spellings[0].text) for spellings in self.words)


def parse(text: str) -> Term:
    """The search that a text means; numbers with blanks in them are one number."""
    text = " ".join(text.replace("\x00", "").split())[:MAX_TERM]
    words: list[tuple[Word, ...]] = []
    for is_number, chunks in groupby(text.split(), key=_is_number):
        if is_number:
            words.append(_number("".join(each for chunk in chunks for each in fold(chunk) if each.isdigit())))
            continue
        for chunk in chunks:
            found = [compact(chunk)] if "@" in chunk else split(chunk)
            words += [(Word(word),) for word in found if word]
    return Term(text=text, sequence=fold(text)[:MAX_NAME], words=tuple(words[:_MOST_WORDS]))


def _is_number(chunk: str) -> bool:
    return any(each.isdigit() for each in chunk) and not any(each.isalpha() or each == "@" for each in chunk)


def _number(number: str) -> tuple[Word, ...]:
    """As typed, and without the 1 in front of a North American telephone number."""
    said = number[:40]
    return (Word(said), Word(said[1:])) if said.startswith("1") and len(said) > 4 else (Word(said),)


def can_be_misspelt(word: str) -> bool:
    """Whether a word is long enough that an error in it can be told from another name."""
    return len(word) >= _LEAST_FORGIVEN and word.isalpha()


def errors_in(typed: str, name: str) -> int | None:
    """How many letters are wrong, missing, doubled or swapped against a name or its beginning; None: too many."""
    most = 2 if len(typed) >= _TWO_ERRORS else 1
    least: int | None = None
    for end in {len(name), *range(len(typed) - most, len(typed) + most + 1)}:
        if (len(typed) >= 4 and 0 < end <= len(name)) or end == len(name):
            found = OSA.distance(typed, name[:end], score_cutoff=most)
            if found <= most and (least is None or found < least):
                least = found
    return least
