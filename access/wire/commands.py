"""Commands: what the centre asks of one door, sealed, on the door's own topic or in the answer to its state over HTTP.

A command is sent again until the door's state says what became of it, or it has expired; the door applies each id once.
None of them opens a door.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from access.wire.model import Instant, Message, Name, WireModel

__all__ = [
    "MAX_COMMAND_ANSWERS",
    "STATE_PATH",
    "Command",
    "CommandAnswer",
    "CommandKind",
    "CommandList",
    "CommandOutcome",
]

STATE_PATH = "/edge/v1/state"
MAX_COMMAND_ANSWERS = 20

_Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]


class CommandKind(StrEnum):
    """What a door of this version does when it is asked to."""

    REFRESH = "refresh"
    """Fetch everything from the centre anew."""
    RESTART = "restart"
    """End, to be started again by whoever looks after the process."""
    WIPE = "wipe"
    """Remove what is about people, except unsent events; then fetch anew."""
    REVOKE = "revoke"
    """This door is ended: wipe, and serve nobody any more."""


class CommandOutcome(StrEnum):
    """What became of a command. `begun` is written down before anything is done, and is not final."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"
    NOT_KNOWN = "not_known"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be said of it."""
        return self is not CommandOutcome.BEGUN


class Command(Message):
    """One command for one door. A `kind` that the door does not know is answered `not_known`."""

    organization: Name
    device: Name
    id: Name
    kind: _Word
    issued_at: Instant
    expires_at: Instant


class CommandAnswer(WireModel):
    """A door's word on a command."""

    id: Name
    outcome: CommandOutcome
    at: Instant


class CommandList(Message):
    """The answer to a state that came over HTTP: the sealed commands that are still open."""

    commands: tuple[str, ...] = Field(default=(), max_length=MAX_COMMAND_ANSWERS)
