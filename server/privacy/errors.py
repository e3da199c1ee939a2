"""What stands in the way. Nothing was written when one of these is raised.

PrivacyError
├── ArchiveRefused   somebody cannot be archived yet; `codes` say why
└── ErasureRefused   somebody cannot be deleted or erased yet; `codes` say why
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ArchiveRefused", "ErasureRefused", "PrivacyError"]


class PrivacyError(Exception):
    """Base of them all. `codes` are of `server.privacy.obstacles.Obstacle`."""

    def __init__(self, codes: Iterable[str]) -> None:
        self.codes = tuple(codes)
        super().__init__(", ".join(self.codes))


class ArchiveRefused(PrivacyError):
    """Something must happen before somebody is archived."""


class ErasureRefused(PrivacyError):
    """Something must happen before somebody is deleted or erased."""
