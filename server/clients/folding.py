"""From what people write to what the index holds: no accents, no case, no punctuation. Pure.

A change here that gives other words needs a higher `VERSION`: the centre then rebuilds its index when it starts.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from access.domain.names import without_accents

__all__ = ["VERSION", "Person", "Words", "compact", "digits", "fold", "scope_of", "split", "variants", "words_of"]

VERSION: Final = 1
MAX_NAME: Final = 240
MAX_WORD: Final = 40
_LONGEST_VARIED: Final = 24
_SHORTEST_INSIDE: Final = 3
_LETTERS: Final = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ŧ": "t", "ħ": "h"}
)


@dataclass(frozen=True, slots=True)
class Person:
    """What can be searched for of a person."""

    first_name: str
    last_name: str
    member_id: str | None = None
    email: str | None = None
    phone: str | None = None
    account_name: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What the index holds of a person: `names` are the words that forgive typing errors."""

    by_last: str
    by_first: str
    names: frozenset[str]
    all: tuple[str, ...]


@lru_cache(maxsize=256)
def scope_of(organization_id: str) -> str:
    """Four letters in front of every word of an organization, so that its words lie together and apart from others'."""
    number = int.from_bytes(hashlib.sha256(organization_id.encode()).digest()[:4], "big")
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))


_PLAIN: Final = str.maketrans({each: " " for each in map(chr, range(128)) if not each.isalnum()})


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Lower case, without accents; what is no letter and no digit becomes one blank."""
    if text.isascii():
        return " ".join(text.lower().translate(_PLAIN).split())
    plain = without_accents(text).translate(_LETTERS)
    kept = "".join(each if each.isalnum() else " " for each in plain)
    return " ".join(kept.split())


def split(text: str) -> list[str]:
    """The words of a text, folded, none longer than the index holds."""
    return [word[:MAX_WORD] for word in fold(text).split()]


def compact(text: str) -> str:
    """A text folded into one word."""
    return fold(text).replace(" ", "")[:MAX_WORD]


def digits(text: str) -> str:
    """The digits of a telephone number, without the 1 in front of a North American one."""
    found = "".join(each for each in unicodedata.normalize("NFKC", text) if each.isascii() and each.isdigit())
    return found[1:] if len(found) == 11 and found[0] == "1" else found[:MAX_WORD]


def words_of(person: Person) -> Words:
    """Everything that finds a person."""
    first, last = fold(person.first_name), fold(person.last_name)
    names = {*_name_words(person.first_name), *_name_words(person.last_name)}
    others = [*_name_words(person.account_name), *_email_words(person.email or "", names)]
    others += _number_words(person.member_id or "") + _phone_words(person.phone or "")
    return Words(
        by_last=f"{last} {first}".strip()[:MAX_NAME],
        by_first=f"{first} {last}".strip()[:MAX_NAME],
        names=frozenset(names),
        all=tuple(sorted({*names, *others})),
    )


def _name_words(name: str) -> list[str]:
    """Each part, the parts that a hyphen or an apostrophe joins as one, and the whole as one."""
    joined = [compact(part) for part in name.split()]
    return [word for word in dict.fromkeys([*split(name), *joined, compact(name)]) if word]


def _email_words(email: str, names: Iterable[str]) -> list[str]:
    """From the start of each part on to the end; from inside a part too where that is no name."""
    name, _, domain = email.partition("@")
    own, known = split(name), set(names)
    parts = own + split(domain)
    found = []
    for place, part in enumerate(parts):
        rest = "".join(parts[place + 1 :])
        found.append(f"{part}{rest}"[:MAX_WORD])
        if place < len(own) and part not in known:
            starts = range(1, len(part) - _SHORTEST_INSIDE + 1)
            found += [f"{part[start:]}{rest}"[:MAX_WORD] for start in starts]
    return found[:-1] if domain else found


def _number_words(number: str) -> list[str]:
    return [word for word in dict.fromkeys([*split(number), compact(number)]) if word]


def _phone_words(phone: str) -> list[str]:
    """The whole number, without its area code, and its last four digits."""
    number = digits(phone)
    return [each for each in dict.fromkeys([number, number[-7:], number[-4:]]) if len(each) >= 4]


@lru_cache(maxsize=4096)
def variants(word: str) -> frozenset[str]:
    """The word, and the word without each of its letters: two words with one difference share one of these."""
    if len(word) < 2 or len(word) > _LONGEST_VARIED:
        return frozenset({word})
    return frozenset({word, *(word[:place] + word[place + 1 :] for place in range(len(word)))})
