"""The door's devices, from its settings: each driver loaded, and bound to its access point."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.door import Place
from edge_agent.errors import SettingsError
from edge_agent.settings import AgentSettings
from hardware.api import Barrier, Reader, Relay
from hardware.errors import ReaderConfigError
from hardware.loader import load_barrier, load_reader, load_relay

__all__ = ["BoundBarrier", "BoundReader", "load_barriers", "load_readers", "load_relays"]


@dataclass(frozen=True, slots=True)
class BoundReader:
    """A reader and where it is."""

    reader: Reader
    place: Place


@dataclass(frozen=True, slots=True)
class BoundBarrier:
    """A barrier, where it is, and how many seconds somebody has to go through."""

    barrier: Barrier
    access_point: str
    passage_s: float


def load_readers(settings: AgentSettings) -> list[BoundReader]:
    """The readers, not yet opened. Raises `SettingsError`."""
    try:
        return [
            BoundReader(load_reader(each.config), Place(each.access_point, each.direction))
            for each in settings.reader_bindings()
        ]
    except ReaderConfigError as error:
        raise SettingsError(str(error)) from error


def load_relays(settings: AgentSettings) -> list[tuple[str, Relay]]:
    """The relays with their access points, not yet opened. Raises `SettingsError`."""
    try:
        return [(each.access_point, load_relay(each.config)) for each in settings.relay_bindings()]
    except ReaderConfigError as error:
        raise SettingsError(str(error)) from error


def load_barriers(settings: AgentSettings) -> list[BoundBarrier]:
    """The barriers, not yet opened. Raises `SettingsError`."""
    try:
        return [
            BoundBarrier(load_barrier(each.config), each.access_point, each.passage_s)
            for each in settings.barrier_bindings()
        ]
    except ReaderConfigError as error:
        raise SettingsError(str(error)) from error
