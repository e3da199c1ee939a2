"""What the visitor page paints after a scan: plain values and their JSON, the contract between door and page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from access.domain.people import Language
from access.domain.reasons import Outcome
from kiosk.plain import instant

__all__ = ["HOLD_MS", "Line", "LineRole", "Picture", "Screen", "Sound"]

HOLD_MS: Final = {Outcome.GRANTED: 3500, Outcome.REVIEW: 6000, Outcome.DENIED: 6000}
"""How long an outcome stays on the page, in milliseconds, unless another scan replaces it."""
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class LineRole(StrEnum):
    """What a line under the title is for."""

    USED = "used"
    LEFT = "left"
    REASON = "reason"
    NEXT_STEP = "next_step"
    NOTICE = "notice"
    BIRTHDAY = "birthday"


class Sound(StrEnum):
    """What the page plays."""

    GRANTED = "granted"
    REVIEW = "review"
    DENIED = "denied"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text under the title."""

    role: LineRole
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The access picture's address on the door's own web server, and the initials that stand in for it.

    Neither (None and "") when nobody may be shown or nobody is known.
    """

    url: str | None = None
    initials: str = ""

    @classmethod
    def of(cls, sha256: str | None, initials: str) -> Picture:
        """The picture with this SHA-256 (hex); anything else is no picture."""
        is_known = sha256 is not None and _SHA256.fullmatch(sha256)
        return cls(f"/pictures/{sha256}" if is_known else None, initials)


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One answer to one scan. `id` is the event's; `occurred_at` an aware instant."""

    id: str
    outcome: Outcome
    language: Language
    title: str
    name: str
    picture: Picture
    lines: tuple[Line, ...]
    sound: Sound
    hold_ms: int
    occurred_at: datetime
    is_offline: bool

    def to_json(self) -> dict[str, Any]:
        """The message's `screen`: JSON types only, the instant in ISO 8601 UTC."""
        return {
            "id": self.id,
            "outcome": self.outcome.value,
            "language": self.language.value,
            "title": self.title,
            "name": self.name,
            "picture": {"url": self.picture.url, "initials": self.picture.initials},
            "lines": [{"role": line.role.value, "text": line.text} for line in self.lines],
            "sound": self.sound.value,
            "hold_ms": self.hold_ms,
            "occurred_at": instant(self.occurred_at),
            "is_offline": self.is_offline,
        }
