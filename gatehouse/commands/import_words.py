"""What an import came to, in the back office's own words: English, or French where the terminal's locale is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.admin.texts import Texts, texts

__all__ = ["said_failure", "show", "texts_for"]

_SHOWN = 20
_COUNTS = {
    "checked": {"added": "would_add", "changed": "would_change", "unchanged": "would_stay", "refused": "stay_out"},
    "done": {"added": "added", "changed": "changed", "unchanged": "unchanged", "refused": "stay_out"},
}
_START = {
    "en": "Nothing was changed. Add --start to bring it in.",
    "fr": "Rien n’a été modifié. Ajoutez --start pour importer.",
}
_MORE = {
    "en": "... and {n} more; all of them are in the back office.",
    "fr": "... et {n} autres ; tous sont au bureau.",
}


_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class _Details(dict[str, Any]):
    """What a text asks for and nobody told is left open."""

    def __missing__(self, key: str) -> str:
        return "…"


def texts_for(environment: Mapping[str, str]) -> Texts:
    """By the first of the locale's variables that is set, in POSIX's order."""
    return texts(next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "en"))


def said_failure(words: Texts, code: str, details: Mapping[str, Any] = _NONE) -> str:
    """Why a file as a whole does not go in; "" for a code that has no words here."""
    return _filled(words, f"import_failure.{code}", details) or ""


def show(console: Console, job: dict[str, Any], words: Texts, *, is_started: bool) -> None:
    """Prints what became of an import, and the first of its problems."""
    counts = _COUNTS["checked" if job["state"] in ("checking", "checked") else "done"]
    said = ", ".join(f"{words('imports.' + text).lower()}: {job[name]}" for name, text in counts.items())
    state = words.entries.get(f"import_state.{job['state']}", job["state"])
    kind = words.entries.get(f"import_kind.{job['kind']}", job["kind"])
    console.print(f"{kind}. {state}. {said}", markup=False)
    if job["failure"]:
        console.print(said_failure(words, job["failure"]) or job["failure"], markup=False)
    if job["problems"]:
        table = Table(*(words(f"imports.{each}") for each in ("row", "column", "what", "value")))
        for each in job["problems"][:_SHOWN]:
            told = _filled(words, f"import_problem.{each['code']}", each["details"]) or each["code"]
            shown = (str(each["row"]), _column(words, each["column"]), told, repr(each["value"])[1:-1])
            table.add_row(*(Text(text) for text in shown))
        console.print(table)
        if job["problem_count"] > _SHOWN:
            console.print(_MORE[words.language].format(n=job["problem_count"] - _SHOWN))
    if job["state"] == "checked" and not is_started:
        console.print(_START[words.language])


def _column(words: Texts, name: str) -> str:
    return words.entries.get(f"import_column.{name.split('.')[0]}", name)


def _filled(words: Texts, key: str, details: Mapping[str, Any]) -> str | None:
    """None for a key that is not known here: a newer centre may say more."""
    text = words.entries.get(key)
    return text and text.format_map(_Details(details))
