"""How the audit log is read to people: who, what, and each value before and after, in their language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from access.domain.people import Text
from access.words import LANGUAGES, words
from server.admin.say import Say
from server.audit.values import CHANGED, PART
from server.models import AuditEntry

__all__ = ["Change", "Line", "ids_in", "told"]

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MONEY: Final = ("amount_cents", "balance_cents", "price_cents")
_PATHS: Final = {"account": "account", "person": "account"}
_RECORDS: Final = {
    "membership": "membership",
    "multipass": "multipass",
    "credential": "card",
    "membership_type": "membership-type",
    "multipass_type": "multipass-type",
    "access_point": "access-point",
    "site": "site",
    "staff": "staff",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A column's label and its two values in words; `is_secret` when only the change is known."""

    label: str
    before: str
    after: str
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words. `record` is the key of the list whose form shows the thing."""

    entry: AuditEntry
    actor: str
    thing: str
    what: str
    name: str
    changes: tuple[Change, ...]
    record: str


def ids_in(entries: Iterable[AuditEntry]) -> set[str]:
    """Everything in the entries that may be the id of something with a name."""
    found: set[str] = set()
    for entry in entries:
        found |= {each for each in (entry.actor_id, entry.entity_id, entry.person_id, entry.account_id) if each}
        for name, change in entry.changes.items():
            if change != CHANGED and _is_reference(name):
                found |= {each for side in change for each in _texts(side) if _ID.fullmatch(each)}
    return found


def told(entry: AuditEntry, names: Mapping[str, Any], say: Say) -> Line:
    """The entry in the reader's words."""
    t = say.t
    what = entry.action.partition(":")[2]
    actor = _named(names.get(entry.actor_id or ""), say)
    kind = t.entries.get(f"audit_actor.{entry.actor_kind}", entry.actor_kind)
    who = f"{actor} ({kind})" if actor and entry.actor_kind != "staff" else actor or kind
    changes = tuple(_change(name, change, names, say) for name, change in sorted(entry.changes.items()))
    subject = names.get(entry.entity_id) or names.get(entry.person_id or "") or names.get(entry.account_id or "")
    return Line(
        entry=entry,
        actor=who,
        thing=t.entries.get(f"audit_entity.{entry.entity}", entry.entity),
        what=t.entries.get(f"audit_what.{what}", what),
        name=_named(subject, say),
        changes=changes,
        record=_RECORDS.get(entry.entity, ""),
    )


def _change(name: str, change: Any, names: Mapping[str, Any], say: Say) -> Change:
    label = say.t.entries.get(f"audit_field.{name}") or say.t.entries.get(f"fields.{name}") or name
    if change == CHANGED:
        return Change(label, "", "", is_secret=True)
    before, after = (_value(name, side, names, say) for side in change)
    return Change(label, before, after)


def _value(name: str, value: Any, names: Mapping[str, Any], say: Say) -> str:
    t = say.t
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return t("audit.yes") if value else t("audit.no")
    if isinstance(value, int):
        return say.money(value) if name in _MONEY else say.number(value)
    if isinstance(value, list):
        return ", ".join(_value(name, each, names, say) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_value(key, each, names, say)}" for key, each in value.items())
    return _text(name, str(value), names, say)


def _text(name: str, text: str, names: Mapping[str, Any], say: Say) -> str:
    if _is_reference(name) and text in names:
        return _named(names[text], say)
    if name == "language" and text in LANGUAGES:
        return words(text).name
    if _DIGEST.fullmatch(text):
        return f"{text[:8]}…"
    try:
        if name.endswith("_at"):
            return say.when(datetime.fromisoformat(text))
        if name.endswith("_on") or name in ("date_of_birth", "due_since"):
            return say.date(date.fromisoformat(text))
    except ValueError:
        return text
    for family in ("permission", "desk_permission", "role", "card_kind", "effective"):
        if name in (family, f"{family}s", "kind") and (said := say.t.entries.get(f"{family}.{text}")):
            return said
    return text


def _is_reference(name: str) -> bool:
    return name.endswith(("_id", "_ids", "_by", "merged_into")) or name in PART


def _texts(side: Any) -> list[str]:
    return [each for each in (side if isinstance(side, list) else [side]) if isinstance(each, str)]


def _named(row: Any, say: Say) -> str:
    name = getattr(row, "name", None) or getattr(row, "full_name", "")
    return str(name.in_language(say.language)) if isinstance(name, Text) else str(name or "")
