"""Who acts: set once at the border (the gate, a token, a door's message) and read wherever rows are changed.

A context variable, so that it follows into the worker threads that do the writing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["SYSTEM", "Actor", "acting", "current_actor"]


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind`: staff, token, client, door or system. A door's `id` is the staff member at its desk, if one acted."""

    kind: str
    id: str | None = None


SYSTEM = Actor("system")
_ACTOR: ContextVar[Actor] = ContextVar("gatehouse_actor", default=SYSTEM)


def current_actor() -> Actor:
    """Who acts now; the system itself when nobody was named."""
    return _ACTOR.get()


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """What the block changes is this actor's doing."""
    token = _ACTOR.set(actor)
    try:
        yield
    finally:
        _ACTOR.reset(token)
