"""Enrolment: a one-time code that an admin made becomes a device's identity. Plus the paths of the edge's HTTP side.

Every other request carries `Authorization: Bearer {device}:{secret}`. A door that was revoked is answered with a
problem document of code `device_revoked`, whose `proof` is a sealed `Revocation`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, StringConstraints

from access.wire.model import Instant, Message, Name

__all__ = [
    "ENROLL_PATH",
    "EVENTS_PATH",
    "FEED_PATH",
    "PICTURE_PATH",
    "SNAPSHOT_PATH",
    "Enrolment",
    "EnrolmentRequest",
    "Revocation",
    "canonical_enrolment_code",
    "device_fingerprint",
    "enrolment_text",
    "read_enrolment_text",
]

ENROLL_PATH = "/edge/v1/enroll"
SNAPSHOT_PATH = "/edge/v1/snapshot"
FEED_PATH = "/edge/v1/feed"
PICTURE_PATH = "/edge/v1/pictures/{sha256}"
EVENTS_PATH = "/edge/v1/events"

_SCHEME = "gatehouse"
_Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def canonical_enrolment_code(text: str) -> str:
    """A one-time code as compared: capitals and digits only, so that `k7xm-2p9q` and `K7XM 2P9Q` are one."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def enrolment_text(centre_url: str, code: str) -> str:
    """What the QR code of the back office holds: `gatehouse://enroll?centre=...&code=...`."""
    return f"{_SCHEME}://enroll?{urlencode({'centre': centre_url, 'code': code})}"


def read_enrolment_text(text: str) -> tuple[str, str | None]:
    """The code, and the centre's address if the text names one: a scanned QR text, or just a code as it was typed."""
    parts = urlsplit(text.strip())
    if parts.scheme != _SCHEME or parts.netloc != "enroll":
        return text.strip(), None
    given = parse_qs(parts.query)
    return given.get("code", [""])[0], given.get("centre", [None])[0]


def device_fingerprint(secret_hash: str) -> str:
    """What a door and the back office both show of a new identity (`3f2a 91c0 ...`), so that a person can compare."""
    digits = hashlib.sha256(f"gatehouse device {secret_hash}".encode()).hexdigest()[:16]
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))


class EnrolmentRequest(Message):
    """What a new door sends: the one-time code from the back office and its software version."""

    code: Annotated[str, StringConstraints(min_length=6, max_length=40)]
    version: str = Field(default="", max_length=40)


class Enrolment(Message):
    """A door's identity. Keys are 32 bytes in hexadecimal; `secret` is shown this once and stored hashed at the centre.

    `mqtt_url` is `mqtt://host:port` or `mqtts://...`; several, separated by commas, are tried in turn.
    """

    organization: Name
    site: Name
    device: Name
    secret: Annotated[str, StringConstraints(min_length=32, max_length=128)]
    centre_public_key: _Key
    fingerprint_key: _Key
    mqtt_url: str
    access_points: tuple[Name, ...]

    @property
    def fingerprint(self) -> str:
        """See `device_fingerprint`."""
        return device_fingerprint(hashlib.sha256(self.secret.encode()).hexdigest())


class Revocation(Message):
    """The centre's word that a device is ended. It holds for good, so an old one is as good as a new one."""

    organization: Name
    device: Name
    revoked_at: Instant
