"""How the audit log is read to people: who, what, and each value before and after, in their language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from access.domain.people import Text
from server.access_points.choices import Choices
from server.access_points.service import Place, Settled
from server.admin import rules_in_words
from server.admin.audit_values import is_reference, named, value
from server.admin.say import Say
from server.audit.values import CHANGED
from server.models import AuditEntry

__all__ = ["Change", "Line", "ids_in", "told"]

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_RULES: Final = ("settings", "draft")
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
            if change != CHANGED and is_reference(name):
                found |= {each for side in change for each in _texts(side) if _ID.fullmatch(each)}
    return found


def told(entry: AuditEntry, names: Mapping[str, Any], say: Say, *, choices: Choices) -> Line:
    """The entry in the reader's words; `choices` has the names of what an access point's rules speak of."""
    t = say.t
    what = entry.action.partition(":")[2]
    actor = named(names.get(entry.actor_id or ""), say)
    kind = t.entries.get(f"audit_actor.{entry.actor_kind}", entry.actor_kind)
    who = f"{actor} ({kind})" if actor and entry.actor_kind != "staff" else actor or kind
    changes = tuple(_changes(entry, names, say, choices))
    subject = names.get(entry.entity_id) or names.get(entry.person_id or "") or names.get(entry.account_id or "")
    return Line(
        entry=entry,
        actor=who,
        thing=t.entries.get(f"audit_entity.{entry.entity}", entry.entity),
        what=t.entries.get(f"audit_what.{what}", what),
        name=named(subject, say),
        changes=changes,
        record=_RECORDS.get(entry.entity, ""),
    )


def _changes(entry: AuditEntry, names: Mapping[str, Any], say: Say, choices: Choices) -> Iterable[Change]:
    for name, change in sorted(entry.changes.items()):
        if change != CHANGED and name in _RULES:
            yield from _rules(name, change, say, choices)
        else:
            yield _change(entry.entity, name, change, names, say)


def _change(entity: str, name: str, change: Any, names: Mapping[str, Any], say: Say) -> Change:
    label = _label(name, say)
    if change == CHANGED:
        return Change(label, "", "", is_secret=True)
    before, after = (value(name, side, names, say, entity=entity) for side in change)
    return Change(label, before, after)


def _label(name: str, say: Say) -> str:
    return say.t.entries.get(f"audit_field.{name}") or say.t.entries.get(f"fields.{name}") or name


def _rules(name: str, change: Any, say: Say, choices: Choices) -> Iterable[Change]:
    """The lines of an access point's rules that differ; those of a new one from what they are by themselves."""
    before, after = change
    if name == "draft" and not (before and after):
        kept = say.t("audit.kept")
        yield Change(_label(name, say), kept if before else "", kept if after else "")
        return
    try:
        parts = rules_in_words.changes(_settled(before), _settled(after), choices=choices, say=say)
    except ValueError:  # what an older version wrote may mean nothing any more
        yield Change(_label(name, say), "", say.t("audit_what.changed"))
        return
    for part in parts:
        gone = [each for each in part.before if each not in part.after] if before else []
        come = [each for each in part.after if each not in part.before]
        yield Change(part.part, "; ".join(gone), "; ".join(come))


def _settled(kept: Any) -> Settled:
    document = kept if isinstance(kept, dict) else {}
    place = Place(
        Text(str(document.get("name_en", "")), str(document.get("name_fr", ""))), str(document.get("site_id", ""))
    )
    return Settled(place, document.get("settings", {}) if "site_id" in document else document)


def _texts(side: Any) -> list[str]:
    return [each for each in (side if isinstance(side, list) else [side]) if isinstance(each, str)]
