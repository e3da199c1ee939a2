"""Neighbours: takes in what the site's other doors publish, so that doors agree while the centre is away.

What a neighbour says is a claim. The broker ties a topic to its device, and only a device that the centre's signed
feed names for this site is listened to, about its own access points. By itself a claim opens nothing (see
docs/contracts.md, "Between doors"): it can only make this door stricter, or end a presence at its own facility.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from contextlib import suppress
from typing import Any

import structlog

from access.wire.canonical import parse_object
from access.wire.enrolment import Enrolment
from access.wire.errors import WireError
from access.wire.events import Event, EventBatch
from access.wire.topics import Channel, DeviceTopic, parse_device_topic
from edge_agent.clock import DoorClock
from edge_agent.errors import CacheFault, LedgerFault
from edge_agent.gather import FactsReader
from edge_agent.heard import MAX_PER_DEVICE, HeardEvents, is_worth_keeping

__all__ = ["Neighbours"]

_log = structlog.get_logger(__name__)

_MAX_WAITING = 1000
_TICK_S = 0.5
_MAX_AT_ONCE = 50
_MAX_ALARMS = 200
_COUNT_AGAIN_AFTER = 1000


class Neighbours:
    """Runs in a thread of its own. `facts` is a reader for this thread alone."""

    def __init__(self, identity: Enrolment, heard: HeardEvents, facts: FactsReader, clock: DoorClock) -> None:
        self._identity = identity
        self._heard = heard
        self._facts = facts
        self._clock = clock
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
        """A message on the site's events. From any thread; returns at once."""
        said = parse_device_topic(topic)
        if said is None or said.channel is not Channel.EVENTS or said.device == self._identity.device:
            return
        try:
            self._inbox.put_nowait((said, raw))
        except queue.Full:
            self._alarm_once(said.device, "too_many_messages")

    def take(self, messages: list[tuple[DeviceTopic, bytes]]) -> None:
        """Takes messages in, in one transaction. Raises `CacheFault` and `LedgerFault`."""
        events = [event for said, raw in messages for event in self._events(said, raw)]
        if events:
            self._heard.take(events, now=self._clock.read().now)

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
        return self._within_bounds(said.device, [event for event in events if event and is_worth_keeping(event)])

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
        self._kept[device] += len(events)
        return events

    def _alarm_once(self, device: str, problem: str) -> None:
        if (device, problem) not in self._alarmed and len(self._alarmed) < _MAX_ALARMS:
            self._alarmed.add((device, problem))
            _log.error("neighbour_ignored", alarm=True, device=device[:64], problem=problem)
