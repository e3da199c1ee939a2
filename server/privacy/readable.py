"""The page of an export that people read: words, dates and times of the organization's own zone; keys of ours left out.

All of it, keys too, is in the JSON beside it.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from access.domain.instants import wall_clock
from access.words import words
from server.privacy.words import heading, is_for_people

__all__ = ["Reader", "readable"]

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_LONG_AGO: Final = dt.date.min
"""As the present day, it has every date say its year."""
_CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("event_kind", "credential_kind"),
    "outcome": ("outcome",),
    "pass_type": ("pass_type",),
    "credential_kind": ("credential_kind",),
}
"""In which tables of our words a column's codes may be found."""
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h2{margin-top:2.5rem;border-bottom:1px solid}dl{display:grid;grid-template-columns:minmax(8rem,16rem) 1fr;"
    "gap:.2rem 1rem;margin:0 0 1rem;padding:.5rem 0;border-bottom:1px dotted}dt{opacity:.7}"
    "dd{margin:0;overflow-wrap:anywhere}"
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a page is for: their language, and the organization's zone."""

    language: str
    zone: ZoneInfo

    def said(self, column: str, value: Any) -> str:
        """A value of the JSON in words; what has none stays as it is written there."""
        if isinstance(value, dict) and value.keys() == {"en", "fr"}:
            return str(value[self.language] or value["en"])
        if isinstance(value, bool):
            return heading(self.language, "yes" if value else "no")
        if not isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        return self._code(column, value) or self._date(value)

    def _code(self, column: str, value: str) -> str:
        said = words(self.language)
        known = (group for group in _CODES.get(column, ()) if value in said.catalogue.get(group, {}))
        group = next(known, None)
        return said.label(group, value) if group else ""

    def _date(self, value: str) -> str:
        said = words(self.language)
        with suppress(ValueError):  # looks like a date and is none
            if _INSTANT.fullmatch(value):
                return said.date_and_time(wall_clock(dt.datetime.fromisoformat(value), self.zone), today=_LONG_AGO)
            if _DAY.fullmatch(value):
                return said.date(dt.date.fromisoformat(value), today=_LONG_AGO)
        return value


def readable(document: Mapping[str, Any], organization: str, reader: Reader) -> str:
    """The page, in HTML that needs nothing else."""
    language = reader.language
    title = html.escape(f"{heading(language, 'title')} \u2013 {organization}")
    made_at = html.escape(reader.said("made_at", document["made_at"]))
    parts = [f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title>']
    parts.append(f"<style>{_STYLE}</style><h1>{title}</h1><p>{made_at}</p>")
    for name, things in document.items():
        if not isinstance(things, list) or not things:
            continue
        parts.append(f"<h2>{html.escape(heading(language, name))}</h2>")
        for each in things:
            values = each.items() if isinstance(each, dict) else (("name", each),)
            facts = "".join(
                f"<dt>{html.escape(heading(language, key))}</dt><dd>{html.escape(reader.said(key, value))}</dd>"
                for key, value in values
                if is_for_people(key)
            )
            parts.append(f"<dl>{facts}</dl>")
    return "".join(parts)
