"""Over HTTP: the door's state up and its open commands down, where no broker carries them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from access.wire.commands import STATE_PATH, CommandList
from access.wire.errors import WireError
from access.wire.state import DeviceState
from edge_agent.backoff import Backoff
from edge_agent.centre import CentreClient
from edge_agent.errors import CentreRefused, CentreUnreachable, LedgerFault

__all__ = ["CommandPoll"]

_POLL_S = 5.0
_LOOK_S = 0.5
_MAX_LIST_BYTES = 256 * 1024


class CommandPoll:
    """Says the door's state over HTTP and takes the open commands back, where no broker does; and, once the door is
    revoked and has wiped itself, says that until the centre has heard it."""

    def __init__(
        self,
        centre: CentreClient,
        state: Callable[[], DeviceState],
        *,
        is_mqtt_up: Callable[[], bool],
        is_revoked: Callable[[], bool],
        take: Callable[[bytes], None],
    ) -> None:
        self._centre = centre
        self._state = state
        self._is_mqtt_up = is_mqtt_up
        self._is_revoked = is_revoked
        self._take = take
        self._is_end_said = False
        self._next_at = 0.0
        self._backoff = Backoff(_POLL_S, 60.0)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="command-poll", daemon=True)

    def start(self) -> None:
        """Starts asking."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Ends."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def report(self) -> None:
        """There is something new to say. From any thread; returns at once."""
        self._next_at = 0.0
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(_LOOK_S)
            self._wake.clear()
            if self._is_due() and time.monotonic() >= self._next_at:
                self._exchange()

    def _is_due(self) -> bool:
        return not self._is_end_said if self._is_revoked() else not self._is_mqtt_up()

    def _exchange(self) -> None:
        self._next_at = time.monotonic() + _POLL_S
        is_end = self._is_revoked()
        try:
            answer = self._centre.post(STATE_PATH, self._state().to_bytes(), limit=_MAX_LIST_BYTES)
            commands = CommandList.from_bytes(answer.body, limit=_MAX_LIST_BYTES).commands
        except (CentreUnreachable, CentreRefused, WireError, LedgerFault):
            self._next_at = time.monotonic() + self._backoff.next_s()
            return
        self._backoff.reset()
        self._is_end_said = is_end
        for each in commands:
            self._take(each.encode())
