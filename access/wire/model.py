"""The base of every wire model: frozen, nothing beyond the schema, version 1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, StringConstraints, ValidationError

from access.wire.canonical import MAX_MESSAGE_BYTES, canonical_bytes, parse_object
from access.wire.errors import MalformedMessage, UnsupportedVersion

__all__ = ["WIRE_VERSION", "Digest", "Fingerprint", "Instant", "Message", "Name", "WireModel"]

WIRE_VERSION = 1

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An id that may stand in a topic: letters, digits, dot, underscore and hyphen; 64 at most."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant needs its offset from UTC")
    return at.astimezone(UTC)


Instant = Annotated[
    datetime,
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
        if document.get("v") != WIRE_VERSION:
            raise UnsupportedVersion(f"a {cls.__name__} of version {WIRE_VERSION} was expected")
        try:
            return cls.model_validate_json(canonical_bytes(document), strict=False)
        except (ValidationError, UnicodeEncodeError) as error:
            raise MalformedMessage(f"not a {cls.__name__}: {_where(error)}") from error

    @classmethod
    def from_bytes(cls, raw: bytes, *, limit: int = MAX_MESSAGE_BYTES) -> Self:
        """Reads a message. Raises a `WireError`."""
        return cls.from_document(parse_object(raw, limit=limit))


def _where(error: ValidationError | UnicodeEncodeError) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "text that is not Unicode"
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'document'}: {first['msg']}"
