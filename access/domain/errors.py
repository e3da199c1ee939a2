"""What can go wrong in the law itself. A denial is never one of these.

LawError
└── InvalidFact   a value that no correct sender produces (an end before a start, an empty name)
"""

from __future__ import annotations

__all__ = ["InvalidFact", "LawError"]


class LawError(Exception):
    """Base of everything that `access.domain` raises."""


class InvalidFact(LawError, ValueError):
    """A fact contradicts itself; the message says which value and what would be right."""
