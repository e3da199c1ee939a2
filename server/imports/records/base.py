"""What all kinds of records share: the schema's base, a column of a file, a batch with what it looked up, an upsert.

A field that is not given stays as it is; one that is given as null (in a file: "-") is cleared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from sqlalchemy.orm import Session

from access.domain.instants import local_day
from server.imports.cells import Cell
from server.imports.problems import Problem, RowRefused
from server.models import Organization
from server.written import in_lines

__all__ = [
    "Batch",
    "Change",
    "Column",
    "Key",
    "Kind",
    "Line",
    "Outcome",
    "Record",
    "Source",
    "Upsert",
    "changed_fields",
    "line",
    "lines",
    "put_fields",
    "refuse_clearing",
    "require",
]

_NO_CONTROLS = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\u0000-\u0020\u007f-\u00a0/\\]+$")]
"""A key of another system, or an identifier: no blanks, no slashes."""
Line = Annotated[str, StringConstraints(max_length=200, pattern=_NO_CONTROLS)]


def line(most: int) -> Any:
    """The type of a text on one line with at most so many characters."""
    return Annotated[str, StringConstraints(max_length=most, pattern=_NO_CONTROLS)]


def lines(most: int) -> Any:
    """The type of a text on several lines with at most so many characters; what nobody types is left out of it."""
    return Annotated[str, BeforeValidator(_in_lines), StringConstraints(max_length=most)]


def _in_lines(value: Any) -> Any:
    return in_lines(value) if isinstance(value, str) else value


class Outcome(StrEnum):
    """What a record did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


class Source(StrEnum):
    """Where a record comes from."""

    IMPORT = "import"
    API = "api"


class Record(BaseModel):
    """The base of every schema."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, use_attribute_docstrings=True)

    def has(self, name: str) -> bool:
        """Whether the field was given, be it as null."""
        return name in self.model_fields_set

    def gives(self, name: str) -> bool:
        """Whether the field was given with a value."""
        return name in self.model_fields_set and getattr(self, name) is not None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: `names` are its headers in English and French besides its own name, in simple letters.

    `header` is what a template calls it."""

    name: str
    cell: Cell = Cell.TEXT
    names: tuple[str, ...] = ()
    example: tuple[str, str] = ("", "")
    header: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a record, and the id of ours that it is about."""

    outcome: Outcome
    id: str


class Upsert(Protocol):
    """Puts records of one kind in: first `gather` what a few hundred mention, then `put` each."""

    def gather(self, records: Sequence[Any]) -> None:
        """Looks up what the records mention, in few queries."""

    def put(self, record: Any, *, id: str | None = None) -> Change:
        """Adds or changes. `id` is that of the row to change. Raises RowRefused before anything was changed."""


@dataclass
class Batch:
    """What is put in together, in one session. A dry one is never flushed.

    `claims` are the keys that rows of one file have used, with their row numbers; they outlive the session.
    """

    session: Session
    organization: Organization
    now: datetime
    source: Source = Source.API
    actor_id: str | None = None
    is_dry: bool = False
    claims: dict[tuple[str, str], int] = field(default_factory=dict)
    row: int = 0

    @cached_property
    def organization_id(self) -> str:
        """Whose records they are."""
        return self.organization.id

    @cached_property
    def zone(self) -> ZoneInfo:
        """The organization's time zone."""
        return ZoneInfo(self.organization.time_zone)

    @cached_property
    def today(self) -> date:
        """The organization's local day."""
        return local_day(self.now, self.zone)

    def claim(self, what: str, key: str | None, field: str, *, shown: str | None = None) -> None:
        """Refuses a key that an earlier row of the same file has used; the problem shows `shown`, else the key."""
        if key is None or not self.row:
            return
        first = self.claims.setdefault((what, key), self.row)
        if first != self.row:
            raise RowRefused(Problem("twice", field, shown or key, {"first": first}))


@dataclass(frozen=True)
class Kind:
    """A kind of record: how a row of it reads, and what puts it in. `keys`: one of these columns must be there.

    `objections` to a record by itself on a day are told together with the cells of its row that could not be read.
    """

    name: str
    record: type[Record]
    columns: tuple[Column, ...]
    upsert: Callable[[Batch], Upsert]
    keys: tuple[str, ...] = ("external_id",)
    objections: Callable[[Any, date], Iterable[Problem]] = lambda _record, _today: ()

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """The columns by their names."""
        return {each.name: each for each in self.columns}


def changed_fields(row: Any, record: Record, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the given fields of a row would become, where they differ; a cleared one is the blank in `fields`."""
    found: dict[str, Any] = {}
    given = record.model_fields_set
    for name, blank in fields.items():
        if name not in given:
            continue
        value = getattr(record, name)
        value = blank if value is None else value
        if getattr(row, name) != value:
            found[name] = value
    return found


def put_fields(row: Any, changes: Mapping[str, Any]) -> bool:
    """Sets the fields of a row; answers whether there are any."""
    for name, value in changes.items():
        setattr(row, name, value)
    return bool(changes)


def refuse_clearing(record: Record, *names: str) -> None:
    """Raises RowRefused when a field that must have a value is cleared."""
    cleared = [name for name in names if name in record.model_fields_set and getattr(record, name) is None]
    if cleared:
        raise RowRefused(*(Problem("cannot_clear", name, "-") for name in cleared))


def require(record: Record, *names: str) -> None:
    """Raises RowRefused when a new record lacks one of these."""
    missing = [name for name in names if not record.gives(name) or getattr(record, name) == ""]
    if missing:
        raise RowRefused(*(Problem("required", name) for name in missing))
