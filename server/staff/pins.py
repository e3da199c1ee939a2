"""The PIN with which a staff member opens the desk of a door. Kept as a hash only, and sent to the doors as such."""

from __future__ import annotations

from sqlalchemy.orm import Session

from access.wire.pins import hash_pin, is_plain_pin, is_trivial_pin
from server.models import Organization, Staff
from server.staff import repository
from server.staff.errors import PinTaken, WeakPin

__all__ = ["clear_pin", "set_pin"]


def set_pin(session: Session, staff: Staff, pin: str) -> None:
    """Gives a staff member (already flushed) this PIN. Raises `WeakPin` or `PinTaken`."""
    if not is_plain_pin(pin) or is_trivial_pin(pin):
        raise WeakPin("a PIN has 6 to 12 digits and is none that everybody tries first")
    organization = session.get_one(Organization, staff.organization_id)
    hashed = hash_pin(pin, organization.pin_salt)
    if repository.has_pin(session, staff.organization_id, hashed, but=staff.id):
        raise PinTaken("a staff member has this PIN already")
    staff.pin_hash = hashed


def clear_pin(staff: Staff) -> None:
    """Takes the PIN away: no desk opens for them any more."""
    staff.pin_hash = ""
