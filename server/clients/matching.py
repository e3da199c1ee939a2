"""Full text on both engines: which people have certain words. FTS5 on SQLite, `tsvector` on PostgreSQL; no extension.

Words hold letters and digits only (`server.clients.folding`), so nothing of a term can reach a query's syntax.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, String, and_, cast, column, literal_column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from server.clients.folding import scope_of
from server.clients.terms import Word
from server.models.search import PersonSearch

__all__ = ["has_word", "matches"]

_FTS = table("person_word", column("rowid"))


def has_word(dialect: str, organization_id: str, word: str) -> ColumnElement[bool]:
    """Whether a row of `person_search` has the whole word."""
    return matches(dialect, organization_id, [[[Word(word, is_whole=True)]]])


def matches(dialect: str, organization_id: str, ways: Sequence[Sequence[Sequence[Word]]]) -> ColumnElement[bool]:
    """Whether a row of `person_search` fits one of the ways: of each of its words, one of the spellings."""
    scope = scope_of(organization_id)
    if dialect == "sqlite":
        # The plus keeps SQLite from walking the organization's whole index instead of the rows that the words gave.
        mine = literal_column("+person_search.organization_id", String()) == organization_id
        query = " OR ".join(_joined(way, scope, " AND ", " OR ", '"{}"', '"{}" *') for way in ways)
        is_found = literal_column("person_word").op("MATCH", is_comparison=True)(query)
        return and_(mine, PersonSearch.no.in_(select(_FTS.c.rowid).where(is_found)))
    query = " | ".join(_joined(way, scope, " & ", " | ", "'{}'", "'{}':*") for way in ways)
    vector = literal_column("array_to_tsvector(string_to_array(person_search.words, ' '))", TSVECTOR)
    mine = PersonSearch.organization_id == organization_id
    return mine & vector.op("@@", is_comparison=True)(cast(query, TSQUERY))


def _joined(way: Sequence[Sequence[Word]], scope: str, every: str, any_: str, whole: str, prefix: str) -> str:
    parts = (
        any_.join((whole if each.is_whole else prefix).format(f"{scope}{each.text}") for each in spellings)
        for spellings in way
    )
    return "(" + every.join(f"({part})" for part in parts) + ")"
