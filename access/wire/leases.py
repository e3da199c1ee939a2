"""Lending: `POST /edge/v1/leases` asks for a use of a strict pass and is answered with a sealed `LeaseAnswer`."""

from __future__ import annotations

from pydantic import Field

from access.wire.asking import Nonce
from access.wire.model import Instant, Message, Name, WireModel

__all__ = ["LEASES_PATH", "MAX_KNOWN_LEASES", "LeaseAnswer", "LeaseRequest", "LentUses"]

LEASES_PATH = "/edge/v1/leases"
MAX_KNOWN_LEASES = 50


class LeaseRequest(Message):
    """A door needs a use of a strict pass now, or (`is_spare`) would keep one for later.

    `ledger` names the door's ledger: a new one begins without leases. `known` are the leases of this pass that are in
    it, spent or not: one that the centre has lent to this ledger and that is not among them is given again.
    """

    nonce: Nonce
    multipass: Name
    ledger: Name
    known: tuple[Name, ...] = Field(default=(), max_length=MAX_KNOWN_LEASES)
    is_spare: bool = False


class LentUses(WireModel):
    """A lease as the door keeps it."""

    id: Name
    count: int = Field(ge=1, le=100)
    expires_at: Instant


class LeaseAnswer(Message):
    """The centre's answer to this very question; without `lease`: nothing is free."""

    organization: Name
    device: Name
    nonce: Nonce
    multipass: Name
    ledger: Name
    made_at: Instant
    lease: LentUses | None = None
