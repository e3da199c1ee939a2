"""Decision rows as data: reads `*.toml` files of rows, runs each through the law, says row by row what differs.

The format is documented in docs/vectors.md and stays stable: `format = 1`, `[defaults]`, `[[row]]`, `[[code]]`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, StrictInt, TypeAdapter

from access.domain.credentials import Code, CredentialKind, normalise
from access.domain.decision import decide
from access.domain.facts import AccessRequest, Decision, Facts
from access.domain.instants import local_day
from access.domain.memberships import MembershipStatus
from access.domain.multipasses import MultipassStatus
from access.domain.policy import AccessPoint
from access.domain.reasons import Notice, Outcome, Reason
from access.vector_checks import RowError, Table, as_table, no_such_key, validated
from access.vector_rows import facts_of, policy_of, request_of, time_of

__all__ = ["FORMAT", "RowResult", "RowScan", "VectorFileError", "find_files", "row_scans", "run_file"]

FORMAT = 1
_MAX_DEPTH = 50
_ROW_KEYS = {"name", "now", "time_zone", "data_age_s", "request", "policy", "expect", *Facts.__dataclass_fields__}
_CODE_KEYS = {"name", "read", "read_hex", "technology", "symbology", "expect"}
_FILE_KEYS = {"format", "defaults", "row", "code"}
_STATUSES = [*map(str, MembershipStatus), *map(str, MultipassStatus), "none"]


class VectorFileError(Exception):
    """A path cannot be used at all; the text says what to do."""


def _status(word: str) -> str:
    if word not in _STATUSES:
        raise ValueError(f"{word!r} is no status; there are {', '.join(_STATUSES)} (none: expired or used up)")
    return word


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
    statuses: dict[str, Annotated[str, AfterValidator(_status)]] | None = None
    remaining: dict[str, StrictInt | Literal["unlimited"]] | None = None
    kind: CredentialKind | None = None
    value: str | None = None
    is_unreadable: StrictBool | None = None


_EXPECT = TypeAdapter(_Expect)


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


@dataclass(frozen=True, slots=True)
class RowScan:
    """The scan that a decision row describes: all that `decide` and `explain` take."""

    request: AccessRequest
    facts: Facts
    policy: AccessPoint
    now: datetime
    zone: ZoneInfo


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
    document, defaults = _document(path)
    results = [_run(path, name, _merge(defaults, row)) for name, row in _named(document, "row", path)]
    results += [_run(path, name, row, is_code=True) for name, row in _named(document, "code", path)]
    if not results:
        raise VectorFileError(f"{path} has no [[row]] and no [[code]].")
    return results


def row_scans(path: Path) -> Iterator[tuple[str, RowScan]]:
    """The name and the scan of each decision row. Raises `VectorFileError`, and `ValueError` at a row that is none."""
    document, defaults = _document(path)
    for name, row in _named(document, "row", path):
        yield name, _scan(_merge(defaults, row))


def _document(path: Path) -> tuple[Table, Table]:
    """The file and its defaults. Raises `VectorFileError`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError, RecursionError) as error:
        raise VectorFileError(f"{path} is not readable as TOML: {error}") from error
    if (said := document.get("format")) != FORMAT or type(said) is not int:
        known = f"; this Gatehouse knows no format {said!r}" if "format" in document else ""
        raise VectorFileError(f"{path}: begin the file with `format = {FORMAT}` (see docs/vectors.md){known}.")
    if _is_deeper(document, _MAX_DEPTH):
        raise VectorFileError(f"{path}: a table in it is nested more than {_MAX_DEPTH} deep; no row needs that.")
    if unknown := sorted(set(document) - _FILE_KEYS):
        raise VectorFileError(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_FILE_KEYS))}.")
    defaults = document.get("defaults", {})
    if not isinstance(defaults, dict):
        raise VectorFileError(f"{path}: defaults is a table; write [defaults] and its keys below.")
    return document, defaults


def _tables(document: Table, key: str, path: Path) -> list[Table]:
    tables = document.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise VectorFileError(f"{path}: write [[{key}]] with two brackets on each side.")
    return tables


def _is_deeper(value: Any, depth: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(depth == 0 or _is_deeper(each, depth - 1) for each in inner)


def _named(document: Table, key: str, path: Path) -> list[tuple[str, Table]]:
    """Each row under a name that no other has: where it has none, or that of another, its number says which."""
    rows = [
        (str(row.get("name") or ""), f"{key} {number}", row)
        for number, row in enumerate(_tables(document, key, path), 1)
    ]
    times = Counter(name for name, _, _ in rows)
    return [((f"{name} ({place})" if times[name] > 1 else name) if name else place, row) for name, place, row in rows]


def _run(path: Path, name: str, row: Table, *, is_code: bool = False) -> RowResult:
    try:
        problems = list(_code_problems(row) if is_code else _row_problems(row))
    except (ValueError, OverflowError) as error:
        return RowResult(str(path), name, str(error), is_valid=False)
    return RowResult(str(path), name, "; ".join(problems) or None)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Table:
    """Tables are merged key by key; everything else in the row replaces the default."""
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


# -- decision rows


def _row_problems(row: Table) -> Iterator[str]:
    scan, expect = _scan(row), _expect(row)
    decision = decide(scan.request, scan.facts, scan.policy, now=scan.now, zone=scan.zone)
    yield from _differences(expect, _seen(decision), ("statuses", "remaining"))
    yield from _pass_differences(expect, scan.facts, scan.now, scan.zone)


def _scan(row: Table) -> RowScan:
    if unknown := sorted(set(row) - _ROW_KEYS):
        raise no_such_key(unknown[0], "", _ROW_KEYS)
    now, zone = time_of(row)
    return RowScan(request_of(row), facts_of(row, now, zone), policy_of(row), now, zone)


def _expect(row: Table) -> _Expect:
    expect = validated(_EXPECT, as_table(row.get("expect", {}), "expect"), "expect", _Expect)
    if not expect.model_fields_set:
        raise RowError("a row needs `expect` with at least one value to compare")
    return expect


def _seen(decision: Decision) -> Table:
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


def _differences(expect: _Expect, seen: Table, passed_over: tuple[str, ...]) -> Iterator[str]:
    for key in sorted(expect.model_fields_set - set(passed_over)):
        if key not in seen:
            raise RowError(f"expect.{key}: this does not belong in this kind of row")
        wanted = getattr(expect, key)
        wanted = sorted(wanted) if isinstance(wanted, list) else wanted
        if seen[key] != wanted:
            yield f"{key} is {_show(seen[key])}, expected {_show(wanted)}"


def _show(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return "nothing" if value is None or value == "" else str(value)


def _pass_differences(expect: _Expect, facts: Facts, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    day = local_day(now, zone)
    states = {each.id: each.state(facts.uses, zone) for each in facts.multipasses}
    statuses: dict[str, str] = {each.id: str(each.status_on(day) or "none") for each in facts.memberships}
    statuses |= {id_: str(state.status_on(day) or "none") for id_, state in states.items()}
    for id_, wanted in (expect.statuses or {}).items():
        if id_ not in statuses:
            raise RowError(f"expect.statuses names {id_!r}, which the row does not hold")
        if statuses[id_] != wanted:
            yield f"status of {id_} is {statuses[id_]}, expected {wanted}"
    for id_, left in (expect.remaining or {}).items():
        if id_ not in states:
            raise RowError(f"expect.remaining names {id_!r}, which is no multipass of the row")
        seen = states[id_].remaining if states[id_].remaining is not None else "unlimited"
        if seen != left:
            yield f"remaining of {id_} is {seen}, expected {left}"


# -- code rows


def _code_problems(row: Table) -> Iterator[str]:
    if unknown := sorted(set(row) - _CODE_KEYS):
        raise no_such_key(unknown[0], "", _CODE_KEYS)
    data = _bytes_read(row)
    expect = _expect(row)
    technology, symbology = row.get("technology", "barcode"), row.get("symbology")
    if technology not in ("barcode", "camera", "nfc"):
        raise RowError(f"technology: {technology!r} is none of 'barcode', 'camera' and 'nfc'")
    if not isinstance(symbology, str | None):
        raise RowError(f"symbology: {symbology!r} is not text such as 'QRCode'")
    code = normalise(data, technology=technology, symbology=symbology)
    value = code.value if isinstance(code, Code) else ""
    seen = {"kind": str(code.kind), "value": value, "is_unreadable": not isinstance(code, Code)}
    yield from _differences(expect, seen, ())


def _bytes_read(row: Table) -> bytes:
    if ("read" in row) == ("read_hex" in row):
        raise RowError("a [[code]] needs either `read` (text) or `read_hex` (bytes)")
    key = "read" if "read" in row else "read_hex"
    if not isinstance(row[key], str):
        raise RowError(f"{key}: {row[key]!r} is not text; put it in quotes")
    try:
        return row[key].encode() if key == "read" else bytes.fromhex(row[key])
    except ValueError:
        raise RowError("read_hex: write pairs of hexadecimal digits, such as '02 41 42 03'") from None
