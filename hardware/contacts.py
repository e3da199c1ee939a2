"""From the levels of a barrier's contacts to its reports. Pure.

A contact that closes is a report, once. How the contacts stand when the barrier is first seen says nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hardware.api import Passage

__all__ = ["Contacts"]


@dataclass(slots=True)
class Contacts:
    """Feed it the levels of each look; it knows those of the look before."""

    _closed: dict[Passage, bool] = field(default_factory=dict)

    def reports(self, levels: dict[Passage, bool]) -> Iterator[Passage]:
        """What the look tells: of two contacts that close at once, that somebody passed comes first."""
        before, self._closed = self._closed, dict(levels)
        for passage in (Passage.PASSED, Passage.NOT_PASSED):
            if levels.get(passage, False) and not before.get(passage, True):
                yield passage
