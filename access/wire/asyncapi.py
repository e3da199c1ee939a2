"""The MQTT side as an AsyncAPI 3.0 document, made from the wire models themselves."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from access.wire.commands import Command, CommandKind
from access.wire.events import Event, EventBatch
from access.wire.feed import BODY_TYPES, FeedDelta
from access.wire.receipts import Receipt
from access.wire.state import DeviceState

__all__ = ["describe"]

_MODELS: tuple[type[BaseModel], ...] = (EventBatch, Event, Receipt, FeedDelta, DeviceState, Command)
_SEALED = {
    "type": "object",
    "description": "A message of the centre with its Ed25519 signature (RFC 8032) over the bytes of `body`.",
    "required": ["v", "key", "body", "sig"],
    "properties": {
        "v": {"const": 1},
        "key": {"type": "string", "description": "First 16 hexadecimal digits of SHA-256 of the public key."},
        "body": {"type": "string", "description": "The canonical JSON of the message, as text."},
        "sig": {"type": "string", "contentEncoding": "base64"},
    },
}
_DEVICE = ("organization", "site", "device")


def _channel(address: str, message: str, summary: str, parameters: tuple[str, ...]) -> dict[str, Any]:
    return {
        "address": address,
        "summary": summary,
        "parameters": {name: {"description": f"Id of the {name}."} for name in parameters},
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
    }


def _message(name: str, summary: str, *, is_sealed: bool) -> dict[str, Any]:
    inner = {"$ref": f"#/components/schemas/{name}"}
    payload: dict[str, Any] = {"$ref": "#/components/schemas/Sealed"} if is_sealed else inner
    message = {"name": name, "contentType": "application/json", "summary": summary, "payload": payload}
    return message | ({"x-sealed-body": inner} if is_sealed else {})


def _operation(action: str, channel: str, summary: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def describe(version: str) -> dict[str, Any]:
    """The document, from the door's point of view: it sends events and state and receives everything else."""
    _, schema = models_json_schema(
        [(model, "validation") for model in _MODELS], ref_template="#/components/schemas/{model}"
    )
    device = "gatehouse/v1/{organization}/{site}/{device}"
    kinds = ", ".join(f"`{kind}`" for kind in BODY_TYPES)
    commands = ", ".join(f"`{kind}`" for kind in CommandKind)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gatehouse: between a door and the centre",
            "version": version,
            "description": "QoS 1, MQTT 3.1.1. A delivery ends with the centre's receipt, never with a PUBACK. "
            f"Kinds of feed entries: {kinds}. Kinds of commands: {commands}; none opens a door.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": _channel(f"{device}/events", "EventBatch", "What happened at the door.", _DEVICE),
            "state": _channel(
                f"{device}/state", "DeviceState", "The door's state; retained, with a last will.", _DEVICE
            ),
            "receipts": _channel(f"{device}/receipts", "Receipt", "Which events the centre has recorded.", _DEVICE),
            "commands": _channel(f"{device}/commands", "Command", "What the centre asks of the door.", _DEVICE),
            "feed": _channel(
                "gatehouse/v1/{organization}/{site}/feed", "FeedDelta", "Changes for a site.", _DEVICE[:2]
            ),
        },
        "operations": {
            "sendEvents": _operation("send", "events", "Offer events until a receipt covers them."),
            "sendState": _operation("send", "state", "Say how the door is."),
            "receiveReceipts": _operation("receive", "receipts", "Drop what is covered, offer again what is missing."),
            "receiveCommands": _operation("receive", "commands", "Apply each id once; say in the state how it went."),
            "receiveFeed": _operation("receive", "feed", "Apply what follows on, fetch what is missing over HTTP."),
        },
        "components": {
            "messages": {
                "EventBatch": _message("EventBatch", "Up to 50 events of one device.", is_sealed=False),
                "DeviceState": _message("DeviceState", "The state of a door.", is_sealed=False),
                "Receipt": _message("Receipt", "The centre's word that events are recorded.", is_sealed=True),
                "Command": _message("Command", "Something to be done by the door.", is_sealed=True),
                "FeedDelta": _message("FeedDelta", "Numbered changes, or a sign of life.", is_sealed=True),
            },
            "schemas": {**schema["$defs"], "Sealed": _SEALED},
        },
    }
