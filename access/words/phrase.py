"""A text with named details, and what to say when a detail is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter

__all__ = ["Phrase"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One thing to say, in variants from the most to the least detailed."""

    variants: tuple[str, ...]

    @classmethod
    def read(cls, value: object) -> Phrase:
        """Take a TOML value: a string or a list of strings."""
        return cls(tuple(map(str, value))) if isinstance(value, list) else cls((str(value),))

    @property
    def details(self) -> frozenset[str]:
        """The names of all details that any variant can use."""
        return frozenset().union(*map(placeholders, self.variants))

    def say(self, details: Mapping[str, str]) -> str:
        """The first variant whose details are all known (present and not blank), else the last one bare."""
        known = {name: text for name, text in details.items() if text.strip()}
        for variant in self.variants:
            if placeholders(variant) <= known.keys():
                return variant.format_map(known)
        return self.variants[-1] if self.variants else ""


def placeholders(text: str) -> frozenset[str]:
    """The names between braces in a text of ours (never in a detail, which is inserted as it is)."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
