"""The relays of each access point: opened when the door starts, reopened when they were lost."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from hardware.api import Relay
from hardware.errors import RelayLost

__all__ = ["RelayBank"]

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Bound:
    access_point: str
    relay: Relay
    is_lost: bool = False


class RelayBank:
    """Relays by access point. For the door's thread; no method raises."""

    def __init__(self, relays: Sequence[tuple[str, Relay]]) -> None:
        self._bound = [_Bound(access_point, relay) for access_point, relay in relays]

    def open(self) -> None:
        """Takes every relay; one that cannot be had is tried again when it is needed and by `revive`."""
        for each in self._bound:
            self._reopen(each)

    def release(self, access_point: str, seconds: float) -> None:
        """Pulses every relay of the access point."""
        for each in self._bound:
            if each.access_point != access_point:
                continue
            try:
                each.relay.pulse(seconds)
            except RelayLost as error:
                self._lose(each, error)
                if self._reopen(each):
                    with suppress(RelayLost):
                        each.relay.pulse(seconds)

    def revive(self) -> None:
        """Tries again to open what was lost."""
        for each in self._bound:
            if each.is_lost:
                self._reopen(each)

    def lost(self) -> list[str]:
        """The names of the relays that cannot be reached."""
        return [each.relay.name for each in self._bound if each.is_lost]

    def states(self) -> dict[str, str]:
        """Each relay's name with `open` or `lost`."""
        return {each.relay.name: "lost" if each.is_lost else "open" for each in self._bound}

    def close(self) -> None:
        """Switches everything off."""
        for each in self._bound:
            each.relay.close()

    def _reopen(self, each: _Bound) -> bool:
        try:
            each.relay.open()
        except RelayLost as error:
            self._lose(each, error)
            return False
        if each.is_lost:
            _log.info("relay_back", relay=each.relay.name, access_point=each.access_point)
        each.is_lost = False
        return True

    def _lose(self, each: _Bound, error: RelayLost) -> None:
        if not each.is_lost:
            _log.error("relay_lost", alarm=True, relay=each.relay.name, reason=str(error))
        each.is_lost = True
