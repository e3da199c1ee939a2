"""The uplink: offers waiting events until the centre's sealed receipt has come for each. A PUBACK means nothing here.

One thread owns the state. Without MQTT for a while, or when so configured, the same batches go over HTTP.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable

import structlog

from access.wire.canonical import canonical_bytes
from access.wire.enrolment import EVENTS_PATH, Enrolment
from access.wire.errors import WireError
from access.wire.events import MAX_EVENTS_IN_BATCH
from access.wire.receipts import Receipt
from access.wire.sealing import CentrePublicKey
from edge_agent.backoff import Backoff
from edge_agent.centre import CentreClient
from edge_agent.delivery import DeliveryWindow, Lane
from edge_agent.errors import CentreRefused, CentreUnreachable, LedgerFault
from edge_agent.outbox import Row, SqliteOutbox, forgotten

__all__ = ["Uplink"]

_log = structlog.get_logger(__name__)

_TICK_S = 0.25
_DOUBT_S = 1.0
_UP, _DOWN, _WAKE = "up", "down", "wake"


class Uplink:
    """Runs in a thread of its own. `publish(payload)` hands a batch to MQTT and says whether it was taken."""

    def __init__(
        self,
        identity: Enrolment,
        outbox: SqliteOutbox,
        *,
        publish: Callable[[bytes], bool],
        centre: CentreClient,
        is_http_only: bool = False,
        http_fallback_after_s: float = 20.0,
        patience_s: float = 4.0,
    ) -> None:
        self._identity = identity
        self._key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
        self._outbox = outbox
        self._publish = publish
        self._centre = centre
        self._is_http_only = is_http_only
        self._http_fallback_after_s = http_fallback_after_s
        self._patience_s = patience_s
        self._inbox: queue.SimpleQueue[str | bytes] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="uplink", daemon=True)
        self._window: DeliveryWindow | None = None
        self._down_since = time.monotonic()
        self._doubted_at: float | None = None
        self._probe_at: float | None = None
        self._http_at = 0.0
        self._http_backoff = Backoff(1.0, 30.0)
        self._alarmed: set[str] = set()
        self.last_receipt_at: float | None = None
        """When the last valid receipt came, on the monotonic clock."""

    def start(self) -> None:
        """Starts offering."""
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ends; what waits stays in the ledger."""
        self._stop.set()
        self._inbox.put(_WAKE)
        self._thread.join(timeout_s)
        self._outbox.close()

    def wake(self) -> None:
        """There is a new event. From any thread; returns at once."""
        self._inbox.put(_WAKE)

    def connected(self) -> None:
        """MQTT is up. From any thread."""
        self._inbox.put(_UP)

    def disconnected(self) -> None:
        """MQTT is down. From any thread."""
        self._inbox.put(_DOWN)

    def take(self, raw: bytes) -> None:
        """A message on this device's receipts topic. From any thread."""
        self._inbox.put(raw)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._take_messages()
                self._offer()
            except LedgerFault:
                # The door's thread opens the ledger again; until then there is nothing to offer from.
                self._stop.wait(1.0)

    def _take_messages(self) -> None:
        try:
            message = self._inbox.get(timeout=_TICK_S)
            while True:
                if isinstance(message, bytes):
                    self._receive(message)
                elif message != _WAKE:
                    self._switch(is_up=message == _UP)
                message = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _switch(self, *, is_up: bool) -> None:
        if not is_up:
            self._window, self._down_since = None, time.monotonic()
            return
        newest = self._outbox.newest()
        self._window = DeliveryWindow(newest=newest.seq if newest else 0, patience_s=self._patience_s)
        if newest is not None:
            # Offered although it may have its receipt: the answer shows whether the centre still knows it.
            self._send(Lane.LIVE, [newest], is_tracked=False)

    def _offer(self) -> None:
        if self._window is not None and not self._is_http_only:
            self._offer_by_mqtt(self._window)
        elif self._is_http_only or time.monotonic() - self._down_since > self._http_fallback_after_s:
            self._offer_by_http()

    def _offer_by_mqtt(self, window: DeliveryWindow) -> None:
        if self._is_probe_due():
            self._switch(is_up=True)
            return
        if window.rewind_overdue(time.monotonic()):
            self._alarm_once("receipts_missing")
        progress = True
        while progress:
            progress = False
            for offer in list(window.offers()):
                rows = self._outbox.rows(after=offer.after, until=offer.until, limit=MAX_EVENTS_IN_BATCH)
                if rows and not self._send(offer.lane, rows):
                    return
                progress = progress or bool(rows)

    def _send(self, lane: Lane, rows: list[Row], *, is_tracked: bool = True) -> bool:
        whole, payload = self._batch(rows)
        if payload is None:
            return True
        if not self._publish(payload):
            return False
        if is_tracked and self._window is not None:
            self._window.sent(lane, whole, time.monotonic())
        return True

    def _batch(self, rows: list[Row]) -> tuple[list[int], bytes | None]:
        """The seqs and bytes of a batch; an event that has rotted is parked, so that others pass."""
        seqs, events = [], []
        for row in rows:
            try:
                row.body.encode()
                events.append(json.loads(row.body))
                seqs.append(row.seq)
            except ValueError:
                _log.error("event_unreadable", alarm=True, seq=row.seq)
                self._outbox.park(row.seq)
        if not events:
            return [], None
        return seqs, canonical_bytes({"v": 1, "device": self._identity.device, "events": events})

    def _offer_by_http(self) -> None:
        if time.monotonic() < self._http_at:
            return
        rows = self._outbox.rows(after=0, limit=MAX_EVENTS_IN_BATCH)
        newest = self._outbox.newest() if self._is_probe_due() else None
        if not rows and newest is not None:
            rows = [newest]
        _, payload = self._batch(rows) if rows else ([], None)
        if payload is None:
            return
        try:
            before = self._outbox.receipt
            self._receive(self._centre.post(EVENTS_PATH, payload).body)
            self._http_backoff.reset()
            if self._outbox.receipt == before:
                self._http_at = time.monotonic() + self._http_backoff.next_s()
        except (CentreUnreachable, CentreRefused) as error:
            if isinstance(error, CentreRefused):
                self._alarm_once(f"events_refused_{error.status}")
            self._http_at = time.monotonic() + self._http_backoff.next_s()

    def _receive(self, raw: bytes) -> None:
        try:
            receipt = self._key.unseal(raw, Receipt)
        except WireError as error:
            _log.error("receipt_ignored", alarm=True, error=type(error).__name__, size=len(raw))
            return
        if receipt.device != self._identity.device:
            _log.error("receipt_ignored", alarm=True, error="another device's")
            return
        self.last_receipt_at = time.monotonic()
        self._alarmed.discard("receipts_missing")
        if self._is_doubtful(receipt):
            return
        for seq in receipt.parked:
            self._alarm_once(f"event_parked_{seq}", seq=seq)
        if receipt != self._outbox.receipt:
            self._take(receipt)
        if self._window is not None:
            self._window.receive(receipt)

    def _take(self, receipt: Receipt) -> None:
        came_back = self._outbox.take(receipt)
        if came_back:
            _log.error("centre_forgot_events", alarm=True, first=came_back[0][0], through_seq=receipt.through_seq)
            if self._window is not None:
                self._switch(is_up=True)

    def _is_doubtful(self, receipt: Receipt) -> bool:
        """Whether a receipt that says less than one before is still to be confirmed: it may just have come late."""
        if not forgotten(self._outbox.receipt, receipt):
            self._doubted_at = None
            return False
        now = time.monotonic()
        if self._doubted_at is None:
            self._doubted_at = now
        if now - self._doubted_at >= _DOUBT_S:
            self._doubted_at = None
            return False
        self._probe_at = now + _DOUBT_S
        return True

    def _is_probe_due(self) -> bool:
        """Whether to ask for another receipt now, by offering the newest event again."""
        if self._probe_at is None or time.monotonic() < self._probe_at:
            return False
        self._probe_at = None
        return True

    def _alarm_once(self, name: str, **details: object) -> None:
        if name not in self._alarmed:
            self._alarmed.add(name)
            _log.error("delivery_trouble", alarm=True, problem=name, **details)
