"""Why two rows cannot be made one. Nothing was written when it is raised."""

from __future__ import annotations

__all__ = ["MergeRefused"]


class MergeRefused(Exception):
    """`code`: same, gone, has_others (it owns an account with others), shared_membership or under_age."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
