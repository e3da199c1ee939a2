"""When a code that stays in view counts as presented again. Pure: the time comes in as an argument."""

from collections.abc import Hashable
from dataclasses import dataclass, field

__all__ = ["Sightings"]


@dataclass(slots=True)
class Sightings:
    """Remembers what was in view. A code is new when it was out of view for `repeat_after_s` seconds."""

    repeat_after_s: float
    _seen_at: dict[Hashable, float] = field(default_factory=dict)
    _in_view: set[Hashable] = field(default_factory=set)

    def look(self, codes: list[Hashable], now: float) -> list[Hashable]:
        """The codes of this look that are newly presented, each once."""
        self._forget(now)
        new = [code for code in dict.fromkeys(codes) if code not in self._seen_at]
        self._in_view = set(codes)
        self.unchanged(now)
        return new

    def unchanged(self, now: float) -> None:
        """Nothing has changed since the last look: what was in view still is."""
        self._seen_at.update(dict.fromkeys(self._in_view, now))

    def _forget(self, now: float) -> None:
        self._seen_at = {code: at for code, at in self._seen_at.items() if now - at < self.repeat_after_s}
