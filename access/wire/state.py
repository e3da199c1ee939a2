"""Device state: what a door says of itself, retained at the broker, with a last will that says it is gone."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from access.domain.facts import ClockTrust
from access.wire.commands import MAX_COMMAND_ANSWERS, CommandAnswer
from access.wire.events import CacheMark
from access.wire.model import Instant, Message, Name

__all__ = ["Connection", "DeviceState"]


class Connection(StrEnum):
    """Whether the device has a session with the broker; `offline` is said by its last will."""

    ONLINE = "online"
    OFFLINE = "offline"


class DeviceState(Message):
    """The state of a door. `waiting` is the number of events without a receipt, `last_seq` the newest event.

    `lease_floor` is the door's durable word: of leases that were over by then, no event after `last_seq` spends any.
    `lost_since` is since when each lost reader is, as far as this run of the agent knows. `relays` are as `readers`;
    `free_mb` is the room where the ledger is; `web` is where the door serves its pages; `commands` are the latest
    with what became of them; `is_revoked` says that the door has ended and wiped itself.
    """

    device: Name
    connection: Connection
    at: Instant | None = None
    version: str | None = Field(default=None, max_length=40)
    started_at: Instant | None = None
    cache: CacheMark | None = None
    data_as_of: Instant | None = None
    last_seq: int | None = Field(default=None, ge=0)
    waiting: int | None = Field(default=None, ge=0)
    clock: ClockTrust | None = None
    readers: dict[Name, str] | None = None
    lost_since: dict[Name, Instant] | None = None
    last_scan_at: Instant | None = None
    lease_floor: Instant | None = None
    relays: dict[Name, str] | None = None
    free_mb: int | None = Field(default=None, ge=0)
    web: str | None = Field(default=None, max_length=200)
    commands: tuple[CommandAnswer, ...] | None = Field(default=None, max_length=MAX_COMMAND_ANSWERS)
    is_revoked: bool | None = None
