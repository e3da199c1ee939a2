"""How the audit log says a value: coded words in the reader's language, rows by their names, days, money, spans.

Nothing is shown as the column keeps it when there is a better word; what refers to a row without a name keeps the end
of its id, so that two of them can be told apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from babel.numbers import get_currency_name

from access.domain.people import Text
from access.words import LANGUAGES, words
from server.admin.say import Say
from server.audit.values import PART

__all__ = ["is_reference", "named", "value"]

_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MONEY: Final = ("amount_cents", "balance_cents", "price_cents")
_FOREIGN: Final = ("external_id", "member_id")
"""Ids that somebody else gave out: told as they are."""
_SHOWN: Final = 6
_FAMILIES: Final = {
    "permissions": "permission",
    "desk_permissions": "desk_permission",
    "effective": "effective",
    "cancellation_state": "cancellation",
    "revoked_because": "card_because",
    "status": "audit_status",
    "decision": "settlement",
    "answer": "device_answer",
    "credential.kind": "card_kind",
    "balance_entry.kind": "balance",
    "balance_entry.source": "audit_source",
    "activity.kind": "access_type",
    "device_command.kind": "device_command",
    "picture.role": "audit_picture",
    "picture.source": "picture_source",
    "staff.role": "role",
    "tag.colour": "tag_colour",
    "layout.code": "card_code",
    "layout.language": "card_language",
}
"""What the words of a column begin with in the locale files; some mean something in one table only."""


def value(column: str, kept: Any, names: Mapping[str, Any], say: Say, *, entity: str = "") -> str:
    """One side of a change, in words; empty for nothing."""
    t = say.t
    if kept is None or kept in ("", [], {}):
        return ""
    if isinstance(kept, bool):
        return t("audit.yes") if kept else t("audit.no")
    if isinstance(kept, int):
        return say.money(kept) if column in _MONEY else say.number(kept)
    if isinstance(kept, list):
        return ", ".join(value(column, each, names, say, entity=entity) for each in kept)
    if isinstance(kept, dict):
        return "; ".join(_part(column, *each, names, say) for each in kept.items() if each[1] not in (None, "", [], {}))
    return _text(column, str(kept), names, say, entity=entity)


def is_reference(column: str) -> bool:
    """Whether the column holds ids of rows of ours."""
    return column not in _FOREIGN and (column.endswith(("_id", "_ids", "_by", "merged_into")) or column in PART)


def named(row: Any, say: Say) -> str:
    """What a row is called; empty for none."""
    name = getattr(row, "name", None) or getattr(row, "full_name", None) or getattr(row, "label", "")
    return str(name.in_language(say.language)) if isinstance(name, Text) else str(name or "")


def _part(column: str, key: str, kept: Any, names: Mapping[str, Any], say: Say) -> str:
    """A member of a document: how long a kind of thing is kept, what a card shows."""
    t = say.t.entries
    if column == "retention":
        return say.words.pair(t.get(f"retention_span.{key}", key), f"{kept} {say.t('retention.days')}")
    label = t.get(f"card_template.{key}") if column == "layout" else None
    return say.words.pair(label or key, value(key, kept, names, say, entity=column))


def _text(column: str, text: str, names: Mapping[str, Any], say: Say, *, entity: str) -> str:
    t = say.t.entries
    family = _FAMILIES.get(f"{entity}.{column}") or _FAMILIES.get(column)
    if family and (said := t.get(f"{family}.{text}")):
        return said
    if entity == "extra_question" and column == "kind":
        return t.get(f"question.kind_{text}", text)
    if column == "kinds":
        return say.kind(text)
    if column == "scopes":
        area, _, may = text.partition(":")
        return (
            say.t(f"audit_scope.{may}", area=t.get(f"scope_area.{area}", area)) if f"audit_scope.{may}" in t else text
        )
    if is_reference(column):
        return _row(text, names, say)
    if column == "language" and text in LANGUAGES:
        return words(text).name
    if column == "currency":
        return str(get_currency_name(text, locale=say.locale))
    if _DIGEST.fullmatch(text):
        return f"{text[:8]}…"
    return _instant(column, text, say)


def _row(id_: str, names: Mapping[str, Any], say: Say) -> str:
    if id_ in names:
        return named(names[id_], say)
    return f"…{id_[-_SHOWN:]}" if _ID.fullmatch(id_) else id_


def _instant(column: str, text: str, say: Say) -> str:
    try:
        if column.endswith("_at"):
            return say.when(datetime.fromisoformat(text))
        if column.endswith("_on") or column in ("date_of_birth", "due_since"):
            return say.date(date.fromisoformat(text))
    except ValueError:
        return text
    return text
