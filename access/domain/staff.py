"""Staff as a door knows them: who may do what at its desk. Never an e-mail, never a password."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from access.domain.people import Language

__all__ = ["DeskPermission", "StaffMember"]


class DeskPermission(StrEnum):
    """What a staff member may do at a desk; what is not listed is not offered, and refused by the door."""

    APPROVE = "approve"
    OVERRIDE = "override"
    OVERRIDE_BLOCK = "override_block"
    UNDO = "undo"
    LOOK_UP = "look_up"
    CHECK_IN = "check_in"
    ASSIGN_CARD = "assign_card"
    ATTENDANCE = "attendance"
    PICK_UP = "pick_up"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """Someone who may sign in at a desk. `pin_hash` is Argon2id in its usual text form; empty opens nothing.

    `may` keeps the wire's words, so that a permission of a newer centre does not hide the others.
    """

    id: str
    name: str
    language: Language = Language.EN
    may: tuple[str, ...] = ()
    pin_hash: str = ""
    is_active: bool = True

    @property
    def permissions(self) -> frozenset[DeskPermission]:
        """The permissions among `may` that this version knows."""
        known = set(DeskPermission)
        return frozenset(DeskPermission(each) for each in self.may if each in known)
