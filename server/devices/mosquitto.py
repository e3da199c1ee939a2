"""What an external Mosquitto needs to know of the doors: its password file and its access control list.

The format `$7$iterations$salt$hash` is what mosquitto_passwd writes (2.0): PBKDF2-HMAC-SHA512, base64. A secret of
256 random bits needs no stretching, so the iterations are Mosquitto's own default.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from access.wire.topics import ALL_EVENTS, ALL_STATES, ROOT, Channel, DeviceTopic, feed_topic, site_events, site_states
from server.models.devices import Device

__all__ = ["acl", "mosquitto_password_line", "password_file", "write_mosquitto_files"]

_ITERATIONS = 101


def mosquitto_password_line(device: str, secret: str) -> str:
    """One line of a Mosquitto password file."""
    salt = secrets.token_bytes(12)
    hashed = hashlib.pbkdf2_hmac("sha512", secret.encode(), salt, _ITERATIONS)
    return f"{device}:$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(hashed).decode()}"


def password_file(devices: Iterable[Device], centre: tuple[str, str]) -> str:
    """The whole password file: the centre's own (name, password) and every door in service."""
    return "\n".join([mosquitto_password_line(*centre), *(each.broker_password for each in devices), ""])


def acl(devices: Iterable[Device], centre_name: str) -> str:
    """The whole access control list. Each door is tied to its own topics and to its own site's feed, events and
    states: a pattern with %u could not keep it from another organization's feed."""
    lines = [
        f"user {centre_name}",
        f"topic read {ALL_EVENTS}",
        f"topic read {ALL_STATES}",
        *(f"topic write {ROOT}/+/+/+/{channel}" for channel in (Channel.RECEIPTS, Channel.COMMANDS)),
        f"topic write {feed_topic('+', '+')}",
    ]
    for device in devices:
        own = [DeviceTopic(device.organization_id, device.site_id, device.id, channel) for channel in Channel]
        lines += ["", f"user {device.id}"]
        lines += [f"topic write {topic}" for topic in own if topic.channel in (Channel.EVENTS, Channel.STATE)]
        lines += [f"topic read {topic}" for topic in own if topic.channel in (Channel.RECEIPTS, Channel.COMMANDS)]
        lines.append(f"topic read {feed_topic(device.organization_id, device.site_id)}")
        lines += [f"topic read {each(device.organization_id, device.site_id)}" for each in (site_events, site_states)]
    return "\n".join([*lines, ""])


def write_mosquitto_files(devices: Iterable[Device], centre: tuple[str, str], folder: Path) -> None:
    """Writes `passwords` and `acl` into a folder, each replaced in one step; then send Mosquitto a SIGHUP.

    Their group may read them: a folder with the setgid bit gives them Mosquitto's.
    """
    known = list(devices)
    for name, content in (("passwords", password_file(known, centre)), ("acl", acl(known, centre[0]))):
        draft = folder / f".{name}.{secrets.token_hex(4)}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(content)
        draft.rename(folder / name)
