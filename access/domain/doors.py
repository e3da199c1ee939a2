"""The doors of a site as the others know them: who may be believed to speak, and for which access points."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Door"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A device in service and the access points that it serves."""

    id: str
    access_points: tuple[str, ...] = ()
