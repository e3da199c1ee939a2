"""The kiosk's own words: a screen's titles (`screen`), the visitor page (`page`), the desk's page (`desk`) and
buttons (`acts`), in EN and FR.

Reasons, passes and statuses are not here: they are everybody's, in `access.words`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from access.words import LANGUAGES

__all__ = ["act_texts", "desk_texts", "page_texts", "screen_texts"]


def page_texts() -> dict[str, dict[str, str]]:
    """The visitor page's texts by language and key, as sent in `hello`."""
    return {language: dict(_catalogue(language)["page"]) for language in LANGUAGES}


def desk_texts() -> dict[str, dict[str, str]]:
    """The desk page's texts by language and key, those it shares with the visitor page among them."""
    return {language: {**_catalogue(language)["page"], **_catalogue(language)["desk"]} for language in LANGUAGES}


def act_texts(language: str) -> dict[str, str]:
    """The texts a desk presenter needs, in a language; an unknown language gets English."""
    return _catalogue(language if language in LANGUAGES else "en")["acts"]


def screen_texts(language: str) -> dict[str, str]:
    """The texts a presenter needs, in a language; an unknown language gets English."""
    return _catalogue(language if language in LANGUAGES else "en")["screen"]


@cache
def _catalogue(language: str) -> dict[str, dict[str, str]]:
    text = resources.files("kiosk.texts").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
