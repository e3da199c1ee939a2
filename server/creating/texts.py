"""What clients read: the letters and their pages, in English and French, from `locale/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from access.words import LANGUAGES

__all__ = ["Said", "entries", "said"]

_DEFAULT: Final = "en"


class Said:
    """Every text of one language, by `section.name`."""

    def __init__(self, language: str, found: Mapping[str, str]) -> None:
        self.language, self._found = language, found

    def __call__(self, key: str, **details: object) -> str:
        """The text with its details. Raises KeyError for a key that does not exist."""
        return self._found[key].format_map(details) if details else self._found[key]


@cache
def said(language: str | None) -> Said:
    """The texts of a language; an unknown one gets English."""
    code = language if language in LANGUAGES else _DEFAULT
    return Said(code, entries(code))


def entries(code: str) -> dict[str, str]:
    """Every text of a language as it is written."""
    file = resources.files("server.creating").joinpath("locale", f"{code}.toml")
    table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return {f"{section}.{name}": text for section, texts in table.items() for name, text in texts.items()}
