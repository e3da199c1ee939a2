"""Canonical JSON, and hashes over it: the same document has the same bytes on both sides.

Sorted keys, no white space, UTF-8 unescaped; only objects, arrays, text, whole numbers, booleans and null occur.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from access.wire.errors import MalformedMessage

__all__ = ["MAX_MESSAGE_BYTES", "MAX_WHOLE_NUMBER", "canonical_bytes", "digest", "parse_object"]

MAX_MESSAGE_BYTES = 64 * 1024
MAX_WHOLE_NUMBER = 2**53 - 1


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """The canonical bytes of a JSON document. Raises ValueError for NaN and infinity, UnicodeEncodeError for lone
    surrogates."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 (64 hexadecimal digits) of the canonical bytes."""
    return hashlib.sha256(canonical_bytes(document)).hexdigest()


def parse_object(raw: bytes | str, *, limit: int = MAX_MESSAGE_BYTES) -> dict[str, Any]:
    """A JSON object from UTF-8. Raises `MalformedMessage` for anything else: repeated keys, fractions, whole numbers
    beyond 2^53 (RFC 7493: not every JSON reader can hold them, nor can a database column)."""
    try:
        octets = raw.encode() if isinstance(raw, str) else raw
        if len(octets) > limit:
            raise MalformedMessage(f"{len(octets)} bytes are more than the {limit} a message may have")
        document = json.loads(
            octets.decode("utf-8"),
            object_pairs_hook=_without_repeats,
            parse_int=_whole_number,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedMessage(f"not JSON: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise MalformedMessage("not a JSON object")
    return document


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _whole_number(digits: str) -> int:
    number = int(digits)
    if abs(number) > MAX_WHOLE_NUMBER:
        raise ValueError("a number is too large")
    return number


def _refuse_number(_: str) -> None:
    raise ValueError("only whole numbers occur")
