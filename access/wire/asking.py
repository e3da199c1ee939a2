"""Asking about one person: before a door refuses for a reason that a fresher fact could turn, it asks the centre.

`GET /edge/v1/people?credential=&nonce=` is answered with a sealed `AccountState`: all that the feed would say of the
credential's account, at one number of the feed.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from access.wire.model import Fingerprint, Instant, Message, Name, WireModel

__all__ = ["PEOPLE_PATH", "AccountState", "KnownEntity", "Nonce"]

PEOPLE_PATH = "/edge/v1/people"

Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""16 random bytes of the asker, in hexadecimal: an old answer is no answer to a new question."""


class KnownEntity(WireModel):
    """An entity as the feed would put it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str = Field(max_length=40)
    id: str = Field(max_length=100)
    body: dict[str, Any]


class AccountState(Message):
    """What the centre knew of a credential's holder and account at `(epoch, seq)`; an unknown one has no entities."""

    organization: Name
    device: Name
    nonce: Nonce
    credential: Fingerprint
    epoch: Name
    seq: int = Field(ge=0)
    made_at: Instant
    entities: tuple[KnownEntity, ...] = ()
