"""Opening what a door sent: the batch by itself, then each event by itself, so that one bad event spoils no other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from access.wire.canonical import canonical_bytes, parse_object
from access.wire.errors import MalformedMessage, UnsupportedVersion, WireError
from access.wire.events import MAX_EVENTS_IN_BATCH, Event, EventBatch

__all__ = ["Received", "open_batch", "refusal_code"]


@dataclass(frozen=True, slots=True)
class Received:
    """One event as it came. `event` is None when it is not one of this contract; `seq` is None when it tells none."""

    body: bytes
    body_hash: str
    seq: int | None
    event: Event | None
    problem: str = ""
    detail: str = ""


def open_batch(raw: bytes, device_id: str) -> list[Received]:
    """The events of a batch in the order they came. Raises a `WireError` when the batch itself is not one."""
    document = parse_object(raw)
    events = document.get("events")
    if not isinstance(events, list) or not 1 <= len(events) <= MAX_EVENTS_IN_BATCH:
        raise MalformedMessage(f"a batch has 1 to {MAX_EVENTS_IN_BATCH} events")
    header = EventBatch.from_document({**document, "events": [{}]})
    if header.device != device_id:
        raise MalformedMessage("the batch names another device than its topic")
    return list(_received(events, device_id))


def refusal_code(error: WireError) -> str:
    """The quarantine's word for what is wrong with a message."""
    return "unsupported_version" if isinstance(error, UnsupportedVersion) else "malformed"


def _received(events: list[Any], device_id: str) -> Iterator[Received]:
    for document in events:
        body = _bytes_of(document)
        body_hash = hashlib.sha256(body).hexdigest()
        seq = _seq_of(document)
        try:
            event = _checked(document, device_id)
        except WireError as error:
            yield Received(body, body_hash, seq, None, refusal_code(error), str(error))
        else:
            yield Received(body, body_hash, seq, event)


def _checked(document: Any, device_id: str) -> Event:
    if not isinstance(document, dict):
        raise MalformedMessage("an event is a JSON object")
    event = Event.from_document(document)
    if event.device != device_id:
        raise MalformedMessage("the event names another device than its topic")
    return event


def _bytes_of(document: Any) -> bytes:
    try:
        return canonical_bytes(document)
    except UnicodeEncodeError:
        return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _seq_of(document: Any) -> int | None:
    seq = document.get("seq") if isinstance(document, dict) else None
    if isinstance(seq, int) and not isinstance(seq, bool) and seq >= 1:
        return seq
    return None
