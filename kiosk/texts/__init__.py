"""The kiosk's own words: titles of a screen (`screen`) and the visitor page's texts (`page`), in EN and FR.

Reasons, passes and statuses are not here: they are everybody's, in `access.words`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from access.words import LANGUAGES

__all__ = ["page_texts", "screen_texts"]


def page_texts() -> dict[str, dict[str, str]]:
    """The visitor page's texts by language and key, as sent in `hello`."""
    return {language: dict(_catalogue(language)["page"]) for language in LANGUAGES}


def screen_texts(language: str) -> dict[str, str]:
    """The texts a presenter needs, in a language; an unknown language gets English."""
    return _catalogue(language if language in LANGUAGES else "en")["screen"]


@cache
def _catalogue(language: str) -> dict[str, dict[str, str]]:
    text = resources.files("kiosk.texts").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
