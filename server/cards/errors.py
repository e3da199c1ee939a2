"""Why a card is not issued. People read texts made from `code`."""

from __future__ import annotations

__all__ = ["CardRefused", "CardTaken"]


class CardRefused(Exception):
    """One of: not_uid, unreadable, needs_number, revoked, not_in_use, too_long."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CardTaken(CardRefused):
    """The card is somebody's already; `holder` is their name, and they are of the same organization."""

    def __init__(self, holder: str) -> None:
        super().__init__("taken")
        self.holder = holder
