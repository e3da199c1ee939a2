"""Decision rows as data: reads `*.toml` files of rows, runs each through the law, says row by row what differs.

The format is documented in docs/vectors.md and stays stable: `format = 1`, `[defaults]`, `[[row]]`, `[[code]]`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, StrictBool, StrictInt, TypeAdapter, ValidationError

from access.domain.credentials import Code, CredentialKind, normalise
from access.domain.decision import decide
from access.domain.facts import AccessRequest, Decision, Facts
from access.domain.instants import local_day
from access.domain.memberships import MembershipStatus
from access.domain.multipasses import MultipassStatus
from access.domain.policy import AccessPoint
from access.domain.reasons import Notice, Outcome, Reason

__all__ = ["FORMAT", "RowResult", "VectorFileError", "find_files", "run_file"]

FORMAT = 1
_ROW_KEYS = {"name", "now", "time_zone", "data_age_s", "request", "policy", "expect", *Facts.__dataclass_fields__}
_FILE_KEYS = {"format", "defaults", "row", "code"}
_NAMED = ("memberships", "multipasses", "activities")
_FACTS, _POLICY, _REQUEST = TypeAdapter(Facts), TypeAdapter(AccessPoint), TypeAdapter(AccessRequest)
_Table = dict[str, Any]


class VectorFileError(Exception):
    """A path cannot be used at all; the text says what to do."""


class _Expect(BaseModel):
    """What a row may expect; only what is named is compared."""

    model_config = ConfigDict(extra="forbid")
    outcome: Outcome | None = None
    reasons: list[Reason] | None = None
    first_reason: Reason | Literal[""] | None = None
    entitlement: str | None = None
    takes_use: StrictBool | None = None
    remaining_after: StrictInt | None = None
    notices: list[Notice] | None = None
    choices: list[str] | None = None
    is_new_movement: StrictBool | None = None
    statuses: dict[str, MembershipStatus | MultipassStatus | Literal["none"]] | None = None
    remaining: dict[str, StrictInt | Literal["unlimited"]] | None = None
    kind: CredentialKind | None = None
    value: str | None = None
    is_unreadable: StrictBool | None = None


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row: `problem` is None when it holds, else one line that says what differs or what is wrong with the row."""

    file: str
    name: str
    problem: str | None
    is_valid: bool = True

    @property
    def status(self) -> str:
        """`pass`, `fail`, or `invalid` for a row that says something the format does not know."""
        return "pass" if self.problem is None else "fail" if self.is_valid else "invalid"


def find_files(path: Path) -> list[Path]:
    """The vector files at a path: the file itself, or every `*.toml` below a folder. Raises `VectorFileError`."""
    if path.is_dir():
        found = sorted(path.rglob("*.toml"))
        if not found:
            raise VectorFileError(f"{path} holds no .toml file. Give a file of rows, or a folder that has some.")
        return found
    if not path.is_file():
        raise VectorFileError(f"{path} does not exist. Give a .toml file of rows, or a folder that has some.")
    return [path]


def run_file(path: Path) -> list[RowResult]:
    """Runs every row of a file. Raises `VectorFileError` when the file as a whole cannot be read."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise VectorFileError(f"{path} is not readable as TOML: {error}") from error
    if document.get("format") != FORMAT:
        raise VectorFileError(f"{path}: begin the file with `format = {FORMAT}` (see docs/vectors.md).")
    if unknown := sorted(set(document) - _FILE_KEYS):
        raise VectorFileError(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_FILE_KEYS))}.")
    defaults = document.get("defaults", {})
    results = [
        _run(path, number, _merge(defaults, row)) for number, row in enumerate(_tables(document, "row", path), 1)
    ]
    results += [_run(path, number, row, is_code=True) for number, row in enumerate(_tables(document, "code", path), 1)]
    if not results:
        raise VectorFileError(f"{path} has no [[row]] and no [[code]].")
    return results


def _tables(document: _Table, key: str, path: Path) -> list[_Table]:
    tables = document.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise VectorFileError(f"{path}: write [[{key}]] with two brackets on each side.")
    return tables


def _run(path: Path, number: int, row: _Table, *, is_code: bool = False) -> RowResult:
    name = str(row.get("name") or f"{'code' if is_code else 'row'} {number}")
    try:
        problems = list(_code_problems(row) if is_code else _row_problems(row))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return RowResult(str(path), name, f"{where}: {first['msg']}" if where else str(first["msg"]), is_valid=False)
    except (ValueError, TypeError, AttributeError, ZoneInfoNotFoundError) as error:
        return RowResult(str(path), name, str(error), is_valid=False)
    return RowResult(str(path), name, "; ".join(problems) or None)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> _Table:
    """Tables are merged key by key; everything else in the row replaces the default."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


# -- decision rows


def _row_problems(row: _Table) -> Iterator[str]:
    if unknown := sorted(set(row) - _ROW_KEYS):
        raise ValueError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_ROW_KEYS))}")
    zone = ZoneInfo(str(row.get("time_zone", "America/Toronto")))
    if "now" not in row:
        raise ValueError("a row needs `now`, such as 2026-03-10T10:00:00 (local) or 2026-03-10T10:00:00-04:00")
    now = _instant(row["now"], zone)
    expect = _Expect.model_validate(row.get("expect", {}))
    if not expect.model_fields_set:
        raise ValueError("a row needs `expect` with at least one value to compare")
    facts = _facts(row, now, zone)
    policy = _policy(row.get("policy", {}))
    request = _REQUEST.validate_python(row.get("request", {}), extra="forbid")
    decision = decide(request, facts, policy, now=now, zone=zone)
    yield from _differences(expect, _seen(decision), ("statuses", "remaining", "kind", "value", "is_unreadable"))
    yield from _pass_differences(expect, facts, now, zone)


def _instant(value: Any, zone: ZoneInfo) -> datetime:
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(at, datetime):
        raise ValueError(f"{value!r} is not an instant; write 2026-03-10T10:00:00 or 2026-03-10T10:00:00-04:00")
    return at.replace(tzinfo=zone) if at.tzinfo is None else at


def _facts(row: _Table, now: datetime, zone: ZoneInfo) -> Facts:
    given = {key: row[key] for key in Facts.__dataclass_fields__ if key in row}
    person = _person(given.pop("participant", {}))
    account_id = person["account_id"] if person else "a1"
    own = {"person_id": person["id"] if person else "p1", "account_id": account_id}
    facts: _Table = {"data_as_of": _data_as_of(row, now, zone)}
    given.pop("data_as_of", None)
    facts |= given | ({"participant": person} if person else {})
    if "account" in given:
        facts["account"] = {"id": account_id} | given["account"]
    for key in _NAMED:
        facts[key] = [_with_text(each) for each in given.get(key, [])]
    facts["memberships"] = [_membership(each, own) for each in facts["memberships"]]
    facts["uses"] = [{"person_id": own["person_id"]} | use for use in given.get("uses", [])]
    facts["uses"] += [use for each in facts["multipasses"] for use in _shorthand_uses(each, own, now)]
    facts["multipasses"] = [_multipass(each, own) for each in facts["multipasses"]]
    facts["registrations"] = [own | {"id": f"r{n}"} | each for n, each in enumerate(given.get("registrations", []), 1)]
    return _FACTS.validate_python(_localised(facts, zone), extra="forbid")


def _person(given: Any) -> _Table | None:
    if given is False:
        return None
    person: _Table = {"id": "p1", "account_id": "a1", "first_name": "Maya", "picture": "0" * 64}
    return {**person, **given}


def _data_as_of(row: _Table, now: datetime, zone: ZoneInfo) -> datetime | None:
    if "data_age_s" in row:
        return now - timedelta(seconds=row["data_age_s"])
    given = row.get("data_as_of", now)
    return None if given == "never" else _instant(given, zone)


def _with_text(table: Any) -> _Table:
    """A plain text stands for a name in English and French."""
    if not isinstance(table, dict):
        raise ValueError(f"{table!r} is not a table such as {{ id = ... }}")
    name = table.get("name", table.get("id", ""))
    return table | {"name": {"en": name} if isinstance(name, str) else name}


def _membership(given: _Table, own: _Table) -> _Table:
    base = {"account_id": own["account_id"], "type_id": given.get("id"), "person_ids": [own["person_id"]]}
    return base | {"starts_on": "2000-01-01"} | given


def _multipass(given: _Table, own: _Table) -> _Table:
    base = {"account_id": own["account_id"], "type_id": given.get("id"), "purchased_on": "2000-01-01"}
    table = base | ({} if given.get("is_family") else {"person_id": own["person_id"]}) | given
    return {key: value for key, value in table.items() if key not in ("used", "is_family")}


def _shorthand_uses(given: _Table, own: _Table, now: datetime) -> Iterator[_Table]:
    """`used = 3` stands for one use on each of the three days before now."""
    for number in range(1, int(given.get("used", 0)) + 1):
        use = {"id": f"{given.get('id')}-use-{number}", "multipass_id": given.get("id")}
        yield use | {"person_id": own["person_id"], "used_at": now - timedelta(days=number)}


def _localised(value: Any, zone: ZoneInfo) -> Any:
    """Local date-times of a row get the row's time zone."""
    if isinstance(value, dict):
        return {key: _localised(each, zone) for key, each in value.items()}
    if isinstance(value, list):
        return [_localised(each, zone) for each in value]
    is_text_instant = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", value)
    return _instant(value, zone) if isinstance(value, datetime) or is_text_instant else value


def _policy(given: _Table) -> AccessPoint:
    return _POLICY.validate_python({"id": "door", "name": {"en": "Door"}} | given, extra="forbid")


def _seen(decision: Decision) -> _Table:
    entitlement = decision.entitlement
    return {
        "outcome": str(decision.outcome),
        "reasons": sorted(decision.reasons),
        "first_reason": str(decision.reasons[0]) if decision.reasons else "",
        "entitlement": entitlement.id if entitlement else "",
        "takes_use": decision.takes_use,
        "remaining_after": entitlement.remaining_after if entitlement else None,
        "notices": sorted(decision.notices),
        "choices": sorted(each.id for each in decision.choices),
        "is_new_movement": decision.is_new_movement,
    }


def _differences(expect: _Expect, seen: _Table, passed_over: tuple[str, ...]) -> Iterator[str]:
    for key in sorted(expect.model_fields_set - set(passed_over)):
        if key not in seen:
            raise ValueError(f"expect.{key} does not belong in this kind of row")
        wanted = getattr(expect, key)
        wanted = sorted(wanted) if isinstance(wanted, list) else wanted
        if seen[key] != wanted:
            yield f"{key} is {_show(seen[key])}, expected {_show(wanted)}"


def _show(value: Any) -> str:
    return (
        "[" + ", ".join(map(str, value)) + "]" if isinstance(value, list) else "nothing" if value == "" else str(value)
    )


def _pass_differences(expect: _Expect, facts: Facts, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    day = local_day(now, zone)
    states = {each.id: each.state(facts.uses, zone) for each in facts.multipasses}
    statuses: dict[str, str] = {each.id: str(each.status_on(day) or "none") for each in facts.memberships}
    statuses |= {id_: str(state.status_on(day) or "none") for id_, state in states.items()}
    for id_, wanted in (expect.statuses or {}).items():
        if id_ not in statuses:
            raise ValueError(f"expect.statuses names {id_!r}, which the row does not hold")
        if statuses[id_] != wanted:
            yield f"status of {id_} is {statuses[id_]}, expected {wanted}"
    for id_, left in (expect.remaining or {}).items():
        if id_ not in states:
            raise ValueError(f"expect.remaining names {id_!r}, which is no multipass of the row")
        seen = states[id_].remaining if states[id_].remaining is not None else "unlimited"
        if seen != left:
            yield f"remaining of {id_} is {seen}, expected {left}"


# -- code rows


def _code_problems(row: _Table) -> Iterator[str]:
    if unknown := sorted(set(row) - {"name", "read", "read_hex", "technology", "symbology", "expect"}):
        raise ValueError(f"unknown key {unknown[0]!r} in [[code]]")
    if ("read" in row) == ("read_hex" in row):
        raise ValueError("a [[code]] needs either `read` (text) or `read_hex` (bytes)")
    data = row["read"].encode() if "read" in row else bytes.fromhex(row["read_hex"])
    expect = _Expect.model_validate(row.get("expect", {}))
    if not expect.model_fields_set:
        raise ValueError("a [[code]] needs `expect` with kind, value or is_unreadable")
    technology = row.get("technology", "barcode")
    if technology not in ("barcode", "camera", "nfc"):
        raise ValueError(f"technology {technology!r} is none of barcode, camera, nfc")
    code = normalise(data, technology=technology, symbology=row.get("symbology"))
    value = code.value if isinstance(code, Code) else ""
    seen = {"kind": str(code.kind), "value": value, "is_unreadable": not isinstance(code, Code)}
    yield from _differences(expect, seen, ())
