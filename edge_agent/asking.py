"""Asking the centre while somebody stands at the door: within a set time, or not at all.

Requests run in a thread of their own, one at a time; whoever asks waits for the set time at most. After a question
that was not answered in time none is asked for a moment, so that a centre that is slow slows nobody.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from access.domain.facts import Decision
from access.domain.policy import Direction
from access.domain.reasons import Outcome, Reason
from access.wire.asking import PEOPLE_PATH, AccountState
from access.wire.enrolment import Enrolment
from access.wire.errors import WireError
from access.wire.sealing import MAX_SEALED_BYTES, CentrePublicKey
from edge_agent.centre import CentreClient
from edge_agent.errors import EdgeError

__all__ = ["REST_S", "TURNABLE", "Asker", "PeopleDesk", "is_turnable"]

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

REST_S = 2.0
"""How long nothing is asked after a question that was not answered in time."""

TURNABLE = frozenset(
    {
        Reason.UNKNOWN_CARD,
        Reason.NO_ELIGIBLE_ACCESS,
        Reason.MEMBERSHIP_NOT_STARTED,
        Reason.MEMBERSHIP_ON_PAUSE,
        Reason.MEMBERSHIP_EXPIRED,
        Reason.MULTIPASS_NOT_STARTED,
        Reason.MULTIPASS_DEPLETED,
        Reason.MULTIPASS_EXPIRED,
        Reason.NOT_REGISTERED,
        Reason.OUTSIDE_ACTIVITY_WINDOW,
        Reason.BOOKING_WITHOUT_INVOICE,
        Reason.BALANCE_DUE,
        Reason.NO_ACCESS_PICTURE,
        Reason.CACHE_STALE,
    }
)
"""Reasons that a fresher fact could turn. A block or a revocation that is known is never among them."""


def is_turnable(decision: Decision) -> bool:
    """Whether somebody is being refused, and a fresher fact could turn every reason for it."""
    refusing = [each.reason for each in decision.findings if each.outcome is Outcome.DENIED]
    is_refused = decision.outcome is Outcome.DENIED and decision.direction is Direction.IN
    return is_refused and all(reason in TURNABLE for reason in refusing)


class _Question(Generic[_T]):
    """A request under way; `answer` stays None when it fails."""

    def __init__(self, ask: Callable[[], _T]) -> None:
        self._ask = ask
        self.answer: _T | None = None
        self.is_done = threading.Event()

    def run(self) -> None:
        try:
            self.answer = self._ask()
        except (EdgeError, WireError, OSError) as error:
            _log.info("centre_did_not_answer", error=type(error).__name__)
        except Exception as error:
            # The thread lives on: without it nothing would ever be asked again.
            _log.error("asking_failed", alarm=True, error=type(error).__name__)
        finally:
            self.is_done.set()


class Asker:
    """The thread that asks. `budget_s` is how long somebody at the door waits; 0 asks never."""

    def __init__(
        self,
        *,
        budget_s: float,
        is_connected: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budget_s = budget_s
        self._is_connected = is_connected
        self._monotonic = monotonic
        self._questions: queue.SimpleQueue[_Question[object] | None] = queue.SimpleQueue()
        self._rest_until = float("-inf")
        self._busy: threading.Event | None = None
        self._thread = threading.Thread(target=self._run, name="asking", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """Ends after the request under way."""
        self._questions.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def deadline(self) -> float:
        """Until when a scan that begins now may ask, on the monotonic clock."""
        return self._monotonic() + self._budget_s

    def ask(self, ask: Callable[[], _T], *, until: float) -> _T | None:
        """The answer of `ask()`, run in the thread; None when it failed, is late, or is not worth trying now.

        A late request runs to its end: what it does with its answer is still done.
        """
        question = self._begin(ask, until - self._monotonic())
        if question is None:
            return None
        if not question.is_done.wait(max(0.0, until - self._monotonic())) or question.answer is None:
            self._rest_until = self._monotonic() + REST_S
            return None
        return question.answer

    def run_later(self, ask: Callable[[], object]) -> None:
        """Has something asked for which nobody waits, if nothing else is being asked."""
        self._begin(ask, 1.0)

    def _begin(self, ask: Callable[[], _T], left_s: float) -> _Question[_T] | None:
        is_busy = self._busy is not None and not self._busy.is_set()
        if left_s <= 0 or is_busy or self._monotonic() < self._rest_until or not self._is_connected():
            return None
        question = _Question(ask)
        self._busy = question.is_done
        self._questions.put(question)  # type: ignore[arg-type]
        return question

    def _run(self) -> None:
        while (question := self._questions.get()) is not None:
            question.run()


class PeopleDesk:
    """Asks about one credential. The answer is the centre's own, of now, and to this very question."""

    def __init__(
        self,
        identity: Enrolment,
        centre: CentreClient,
        asker: Asker,
        *,
        timeout_s: float = 2.0,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._identity = identity
        self._key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
        self._centre = centre
        self._asker = asker
        self._timeout_s = timeout_s
        self._random = random

    def ask(self, fingerprint: str, *, until: float) -> AccountState | None:
        """What the centre says of the credential, or None when it says nothing in time."""
        return self._asker.ask(lambda: self._request(fingerprint), until=until)

    def _request(self, fingerprint: str) -> AccountState:
        nonce = self._random(16).hex()
        query: dict[str, str | int] = {"credential": fingerprint, "nonce": nonce}
        raw = self._centre.get(PEOPLE_PATH, query, limit=MAX_SEALED_BYTES, timeout_s=self._timeout_s).body
        state = self._key.unseal(raw, AccountState)
        said = (state.organization, state.device, state.nonce, state.credential)
        if said != (self._identity.organization, self._identity.device, nonce, fingerprint):
            _log.error("answer_ignored", alarm=True, error="not the answer to this question")
            raise WireError("not the answer to this question")
        return state
