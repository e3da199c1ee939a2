"""Which sequence numbers of a device are here, as sets of ranges, and the receipt that says so. Pure.

`through` is the end of the unbroken run from 1; `ranges` are the inclusive runs above it, rising, never touching.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from access.wire.receipts import Receipt

__all__ = ["Marks", "receipt"]

_MAX_GAPS = 100
_MAX_PARKED = 100


@dataclass(frozen=True, slots=True)
class Marks:
    """The recorded sequence numbers of one device."""

    through: int = 0
    ranges: tuple[tuple[int, int], ...] = ()

    @property
    def highest(self) -> int:
        """The highest recorded number; 0 when there is none."""
        return self.ranges[-1][1] if self.ranges else self.through

    def with_seqs(self, seqs: Iterable[int]) -> Marks:
        """These numbers added; any order, any repetition."""
        runs = [(1, self.through)] if self.through else []
        runs += [*self.ranges, *((seq, seq) for seq in seqs)]
        merged: list[tuple[int, int]] = []
        for first, last in sorted(runs):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        if merged and merged[0][0] == 1:
            return Marks(merged[0][1], tuple(merged[1:]))
        return Marks(0, tuple(merged))

    def gaps(self) -> list[tuple[int, int]]:
        """The inclusive runs that are missing below the highest number."""
        edges = [(0, self.through), *self.ranges]
        return [(before[1] + 1, after[0] - 1) for before, after in pairwise(edges)]


def receipt(device_id: str, marks: Marks, parked: Iterable[int] = ()) -> Receipt:
    """The receipt for these marks. With more gaps than one may list, it speaks only of what lies below the next one."""
    gaps, highest = marks.gaps(), marks.highest
    if len(gaps) > _MAX_GAPS:
        highest = gaps[_MAX_GAPS][0] - 1
    named = sorted(seq for seq in parked if seq <= highest)
    return Receipt(
        device=device_id,
        through_seq=marks.through,
        max_seq=highest,
        gaps=tuple(gaps[:_MAX_GAPS]),
        parked=tuple(named[-_MAX_PARKED:]),
    )
