"""What a door may ask the centre while somebody stands before it: about the person, and for a use of a strict pass."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

import structlog

from access.wire.asking import AccountState
from access.wire.enrolment import Enrolment
from access.wire.errors import WireError
from access.wire.leases import LEASES_PATH, LeaseAnswer, LeaseRequest
from access.wire.sealing import CentrePublicKey
from edge_agent.asking import Asker, PeopleDesk
from edge_agent.centre import CentreClient
from edge_agent.leases import LeaseBook

__all__ = ["CentreHelp", "Help", "LeaseDesk", "NoHelp"]

_log = structlog.get_logger(__name__)


class Help(Protocol):
    """The centre, as far as a scan can wait for it. `until` is a `deadline()` taken when the scan began."""

    def deadline(self) -> float:
        """Until when a scan that begins now may ask."""

    def person(self, fingerprint: str, *, until: float) -> AccountState | None:
        """What the centre says of a credential's account, or None."""

    def lease(self, multipass_id: str, *, until: float) -> bool:
        """Whether a use of the pass is now lent to this door."""

    def restock(self, multipass_id: str) -> None:
        """A lent use was spent: have another lent for later, if there are plenty. Returns at once."""


class NoHelp:
    """A door that asks nobody."""

    def deadline(self) -> float:
        """Over already."""
        return 0.0

    def person(self, fingerprint: str, *, until: float) -> AccountState | None:
        """Nothing."""
        return None

    def lease(self, multipass_id: str, *, until: float) -> bool:
        """No."""
        return False

    def restock(self, multipass_id: str) -> None:
        """Nothing to do."""


class LeaseDesk:
    """Asks for a lease and keeps it. An answer that comes too late for the scan is kept for the next one."""

    def __init__(
        self,
        identity: Enrolment,
        centre: CentreClient,
        book: LeaseBook,
        *,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._identity = identity
        self._key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
        self._centre = centre
        self._book = book
        self._random = random

    def borrow(self, multipass_id: str, *, is_spare: bool) -> bool:
        """Whether the centre lent something; it is in the ledger then. Raises `EdgeError` and `WireError`."""
        request = LeaseRequest(
            nonce=self._random(16).hex(),
            multipass=multipass_id,
            ledger=self._book.ledger_name(),
            known=self._book.known(multipass_id),
            is_spare=is_spare,
        )
        answer = self._key.unseal(self._centre.post(LEASES_PATH, request.to_bytes()).body, LeaseAnswer)
        said = (answer.organization, answer.device, answer.nonce, answer.multipass, answer.ledger)
        own = (self._identity.organization, self._identity.device, request.nonce, multipass_id, request.ledger)
        if said != own:
            _log.error("answer_ignored", alarm=True, error="not the answer to this question")
            raise WireError("not the answer to this question")
        self._book.keep(answer)
        return answer.lease is not None


class CentreHelp:
    """The real centre. `heard(state)` is told of every answer about a person."""

    def __init__(
        self,
        asker: Asker,
        people: PeopleDesk,
        leases: LeaseDesk,
        *,
        heard: Callable[[AccountState], None] = lambda state: None,
    ) -> None:
        self._asker = asker
        self._people = people
        self._leases = leases
        self._heard = heard

    def deadline(self) -> float:
        """Until when a scan that begins now may ask."""
        return self._asker.deadline()

    def person(self, fingerprint: str, *, until: float) -> AccountState | None:
        """What the centre says of a credential's account, or None."""
        answer = self._people.ask(fingerprint, until=until)
        if answer is not None:
            self._heard(answer)
        return answer

    def lease(self, multipass_id: str, *, until: float) -> bool:
        """Whether a use of the pass is now lent to this door."""
        return bool(self._asker.ask(lambda: self._leases.borrow(multipass_id, is_spare=False), until=until))

    def restock(self, multipass_id: str) -> None:
        """Has a spare lent, if nothing else is being asked."""
        self._asker.run_later(lambda: self._leases.borrow(multipass_id, is_spare=True))
