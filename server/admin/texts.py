"""The back office's own words, from `locale/en.toml`, `locale/<area>.en.toml` and their French twins.

Reasons and statuses are in `access.words`.

A key is `section.name`. A text that counts has the forms `one` and `other` (French says one for zero too).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from babel import Locale
from babel.support import LazyProxy
from starlette_admin.i18n import get_locale

from access.words import LANGUAGES

__all__ = ["Texts", "lazy_text", "texts"]


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Every text of one language."""

    language: str
    entries: Mapping[str, str]

    def __call__(self, key: str, **details: object) -> str:
        """The text with its `{details}` filled in. Raises KeyError for a key that does not exist."""
        return self.entries[key].format_map(details) if details else self.entries[key]

    def count(self, key: str, number: int, **details: object) -> str:
        """The form of a counting text for `number`, which it can name as `{n}`."""
        plural = Locale(self.language).plural_form(number)
        form = plural if f"{key}.{plural}" in self.entries else "other"
        return self(f"{key}.{form}", n=number, **details)


@cache
def texts(language: str) -> Texts:
    """The texts of a language ("en", "fr", "fr-CA" ...); an unknown language gets English."""
    code = str(language).lower().replace("_", "-").split("-")[0]
    if code not in LANGUAGES:
        return texts("en")
    entries: dict[str, str] = {}
    for file in sorted(resources.files("server.admin").joinpath("locale").iterdir(), key=lambda each: each.name):
        if file.name == f"{code}.toml" or file.name.endswith(f".{code}.toml"):
            entries.update(_flat(tomllib.loads(file.read_text(encoding="utf-8"))))
    return Texts(code, entries)


def _flat(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        flat += _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", str(value))]
    return flat


def lazy_text(key: str) -> str:
    """The text in the language of the request that shows it; for labels made before any request."""
    proxy: str = LazyProxy(lambda: texts(get_locale())(key), enable_cache=False)  # type: ignore[assignment]
    return proxy
