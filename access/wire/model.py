"""The base of every wire model: frozen, nothing beyond the schema, version 1."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidationError,
)

from access.wire.canonical import MAX_MESSAGE_BYTES, canonical_bytes, parse_object
from access.wire.errors import MalformedMessage, UnsupportedVersion

__all__ = ["NAME_PATTERN", "WIRE_VERSION", "Digest", "Fingerprint", "Instant", "Message", "Name", "WireModel"]

WIRE_VERSION = 1

NAME_PATTERN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
_DATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN.pattern)]
"""An id that may stand in a topic: letters, digits, dot, underscore and hyphen; 64 at most."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs its offset from UTC")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant lies between the years 1 and 9999 in UTC") from error


def _dated(given: Any) -> Any:
    # Text of digits alone would be read as seconds since 1970.
    if not isinstance(given, str):
        return given
    if not _DATED.match(given):
        raise ValueError("an instant is written as 2026-03-10T14:00:00.000Z")
    return datetime.fromisoformat(given)


Instant = Annotated[
    datetime,
    BeforeValidator(_dated),
    AfterValidator(_aware),
    PlainSerializer(lambda at: at.isoformat(timespec="milliseconds").replace("+00:00", "Z"), when_used="json"),
]
"""An aware instant; on the wire RFC 3339 in UTC with milliseconds."""


class WireModel(BaseModel):
    """A part of a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def document(self) -> dict[str, Any]:
        """The JSON document, without what is null."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        return canonical_bytes(self.document())


class Message(WireModel):
    """A whole message; `v` is the version of this contract."""

    v: Literal[1] = 1

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Checks a parsed document. Raises `UnsupportedVersion` or `MalformedMessage` (naming the field, no values)."""
        version = document.get("v")
        if version != WIRE_VERSION or isinstance(version, bool):
            raise UnsupportedVersion(f"a {cls.__name__} of version {WIRE_VERSION} was expected")
        try:
            return cls.model_validate_json(canonical_bytes(document), strict=True)
        except (ValueError, RecursionError) as error:
            raise MalformedMessage(f"not a {cls.__name__}: {_where(error)}") from error

    @classmethod
    def from_bytes(cls, raw: bytes, *, limit: int = MAX_MESSAGE_BYTES) -> Self:
        """Reads a message. Raises a `WireError`."""
        return cls.from_document(parse_object(raw, limit=limit))


def _where(error: ValueError | RecursionError) -> str:
    if not isinstance(error, ValidationError):
        return f"document: {type(error).__name__}"
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(_quotable(part) for part in first['loc']) or 'document'}: {first['msg']}"


def _quotable(part: int | str) -> str:
    # The name of an unknown field is the sender's text: short and printable, or not at all.
    text = str(part)
    return text if len(text) <= 40 and text.isprintable() else "(a field)"
