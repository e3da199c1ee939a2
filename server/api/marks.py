"""Where a page ended that is not in the order of ids: an instant and an id, as one word."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from server.api.errors import RecordRefused
from server.imports.problems import Problem

__all__ = ["mark_of", "place_of"]


def mark_of(at: datetime, id_: str) -> str:
    """The `next` of a page that ends here."""
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{id_}".encode()).decode().rstrip("=")


def place_of(mark: str) -> tuple[datetime, str]:
    """Where a page begins. Raises RecordRefused for what no page answered."""
    try:
        at, _, id_ = base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)).decode().partition("|")
        found = datetime.fromisoformat(at)
        if found.tzinfo is None or "\x00" in id_:
            raise ValueError
        return found.astimezone(UTC), id_
    except (ValueError, OverflowError, binascii.Error) as error:
        raise RecordRefused([Problem("invalid", "after", mark)]) from error
