"""Neighbours: takes in what the site's other doors publish, so that doors agree while the centre is away, and knows
which of them can be heard.

What a neighbour says is a claim. The broker ties a topic to its device, and only a device that the centre's signed
feed names for this site is listened to, about its own access points. By itself a claim opens nothing (see
docs/contracts.md, "Between doors"): it can only make this door stricter, or end a presence at its own facility.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import structlog

from access.wire.canonical import parse_object
from access.wire.enrolment import Enrolment
from access.wire.errors import WireError
from access.wire.events import Event, EventBatch
from access.wire.state import Connection, DeviceState
from access.wire.topics import Channel, DeviceTopic, parse_device_topic
from edge_agent.clock import DoorClock
from edge_agent.errors import CacheFault, LedgerFault
from edge_agent.gather import FactsReader, Rules
from edge_agent.heard import MAX_PER_DEVICE, HeardEvents, is_worth_keeping

__all__ = ["Neighbours"]

_log = structlog.get_logger(__name__)

_MAX_WAITING = 1000
_TICK_S = 0.5
_MAX_AT_ONCE = 50
_MAX_ALARMS = 200
_MAX_STATES = 1000
_COUNT_AGAIN_AFTER = 1000


class Neighbours:
    """Runs in a thread of its own. `facts` is a reader for this thread alone; `on_told()` is called after something was
    kept, `on_joined()` when another door is there that was not: it has to hear how this one stands."""

    def __init__(
        self,
        identity: Enrolment,
        heard: HeardEvents,
        facts: FactsReader,
        clock: DoorClock,
        *,
        on_told: Callable[[], None] = lambda: None,
        on_joined: Callable[[], None] = lambda: None,
    ) -> None:
        self._identity = identity
        self._heard = heard
        self._facts = facts
        self._clock = clock
        self._on_told = on_told
        self._on_joined = on_joined
        self._states: dict[str, DeviceState] = {}
        self._inbox: queue.Queue[tuple[DeviceTopic, bytes]] = queue.Queue(_MAX_WAITING)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="neighbours", daemon=True)
        self._alarmed: set[tuple[str, str]] = set()
        self._kept: Counter[str] = Counter()
        self._since_counted = 0
        self._is_deaf = False

    def start(self) -> None:
        """Starts listening."""
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ends; what waits is lost, as if it had not been heard."""
        self._stop.set()
        self._thread.join(timeout_s)
        self._facts.close()

    def hear(self, topic: str, raw: bytes) -> None:
        """A message on the site's events or states. From any thread; returns at once."""
        said = parse_device_topic(topic)
        if said is not None and said.channel is Channel.STATE and said.device != self._identity.device:
            self._hear_state(said, raw)
            return
        if said is None or said.channel is not Channel.EVENTS or said.device == self._identity.device:
            return
        try:
            self._inbox.put_nowait((said, raw))
        except queue.Full:
            self._alarm_once(said.device, "too_many_messages")

    def disconnected(self) -> None:
        """The broker is gone: who is there is not known any more. From any thread."""
        self._states.clear()

    def are_heard(self, rules: Rules, since: datetime) -> bool:
        """Whether every other door of the site is there and everything was heard of it that happened since the aware
        UTC instant. Raises `LedgerFault`."""
        others = [device for device, points in rules.doors.items() if points and device != self._identity.device]
        return all(self._is_heard(device, since) for device in others)

    def _is_heard(self, device: str, since: datetime) -> bool:
        state = self._states.get(device)
        if state is None or state.connection is not Connection.ONLINE or state.last_seq is None:
            return False
        return self._heard.is_whole(device, state.last_seq, since=since)

    def _hear_state(self, said: DeviceTopic, raw: bytes) -> None:
        own = (self._identity.organization, self._identity.site)
        try:
            state = DeviceState.from_bytes(raw)
        except WireError as error:
            self._alarm_once(said.device, type(error).__name__)
            return
        is_known = said.device in self._states or len(self._states) < _MAX_STATES
        if (said.organization, said.site) != own or state.device != said.device or not is_known:
            return
        before, self._states[said.device] = self._states.get(said.device), state
        was_there = before is not None and before.connection is Connection.ONLINE
        if state.connection is Connection.ONLINE and not was_there:
            self._on_joined()

    def take(self, messages: list[tuple[DeviceTopic, bytes]]) -> None:
        """Takes messages in, in one transaction. Raises `CacheFault` and `LedgerFault`."""
        events = [event for said, raw in messages for event in self._events(said, raw)]
        if events:
            self._heard.take(events, now=self._clock.read().now)
            self._on_told()

    def _run(self) -> None:
        while not self._stop.is_set():
            messages: list[tuple[DeviceTopic, bytes]] = []
            with suppress(queue.Empty):
                messages.append(self._inbox.get(timeout=_TICK_S))
                while len(messages) < _MAX_AT_ONCE:
                    messages.append(self._inbox.get_nowait())
            if messages:
                self._take_guarded(messages)

    def _take_guarded(self, messages: list[tuple[DeviceTopic, bytes]]) -> None:
        """What cannot be kept is lost: less is known than could be, which never opens a door."""
        try:
            self.take(messages)
        except Exception as error:
            is_expected = isinstance(error, (CacheFault, LedgerFault))
            if not self._is_deaf:
                _log.error("neighbours_not_heard", alarm=not is_expected, error=type(error).__name__)
            self._is_deaf = True
        else:
            if self._is_deaf:
                _log.info("neighbours_heard_again")
            self._is_deaf = False

    def _events(self, said: DeviceTopic, raw: bytes) -> list[Event]:
        """The events of a message that count, if its device is one of this site's."""
        own = (self._identity.organization, self._identity.site)
        points = self._facts.rules().doors.get(said.device)
        if (said.organization, said.site) != own or points is None:
            self._alarm_once(said.device, "unknown_device")
            return []
        try:
            batch = EventBatch.from_document(parse_object(raw))
        except WireError as error:
            self._alarm_once(said.device, type(error).__name__)
            return []
        events = [self._event(each, said.device, points) for each in batch.events if batch.device == said.device]
        return self._within_bounds(said.device, [event for event in events if event])

    def _event(self, document: dict[str, Any], device: str, points: frozenset[str]) -> Event | None:
        try:
            event = Event.from_document(document)
        except WireError as error:
            self._alarm_once(device, type(error).__name__)
            return None
        if event.device != device:
            self._alarm_once(device, "another_device")
        elif event.access_point not in points:
            self._alarm_once(device, "another_access_point")
        else:
            return event
        return None

    def _within_bounds(self, device: str, events: list[Event]) -> list[Event]:
        if device not in self._kept or self._since_counted >= _COUNT_AGAIN_AFTER:
            self._kept[device], self._since_counted = self._heard.count(device), 0
        if self._kept[device] >= MAX_PER_DEVICE:
            self._since_counted += 1
            self._alarm_once(device, "too_many_events")
            return []
        self._kept[device] += sum(map(is_worth_keeping, events))
        return events

    def _alarm_once(self, device: str, problem: str) -> None:
        if (device, problem) not in self._alarmed and len(self._alarmed) < _MAX_ALARMS:
            self._alarmed.add((device, problem))
            _log.error("neighbour_ignored", alarm=True, device=device[:64], problem=problem)
