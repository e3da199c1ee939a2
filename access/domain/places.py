"""Places that are no access point: the rooms, pools and rinks that doors lead to."""

from __future__ import annotations

from dataclasses import dataclass

from access.domain.people import Text

__all__ = ["Facility"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """A room, pool or rink; several access points may lead to it."""

    id: str
    name: Text
