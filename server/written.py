"""What people wrote, without the characters that nobody types, wherever it comes from.

Control characters go (PostgreSQL takes NUL in no text, a terminal obeys the others), and what turns the direction of
the text after it, so that a reason reads as it is. A line break, a tab and the joiners and marks of scripts stay.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["cleaned", "in_lines"]

_UNTYPED: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def cleaned(text: str) -> str:
    """The text as it can be kept and shown."""
    return _UNTYPED.sub("", text)


def in_lines(text: str) -> str:
    """The same of a text of several lines, each ended by one LF, whatever the system it was typed on."""
    return cleaned(text).replace("\r\n", "\n").replace("\r", "\n")
