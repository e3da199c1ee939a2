"""Wiping a door: everything about people goes, what the centre has not got stays.

A door is revoked when its centre says so under its seal; it then keeps nothing but its identity and its unsent events,
lets nobody in, and says that it is out of service, also after a restart.
"""

from __future__ import annotations

import structlog

from access.wire.enrolment import Enrolment, Revocation
from access.wire.errors import WireError
from access.wire.sealing import CentrePublicKey
from edge_agent.cache import SqliteCache
from edge_agent.errors import LedgerFault
from edge_agent.kiosk_hub import KioskHub
from edge_agent.ledger import SqliteLedger
from edge_agent.ledger_recovery import ACTS_MARK
from edge_agent.pictures import PictureStore

__all__ = ["Wiper"]

_log = structlog.get_logger(__name__)

_MARK = "revoked"
_ABOUT_PEOPLE = ("heard", "heard_runs", "presence", "moves", "scans", "last_decision", "pass_uses", "leases")
_SENT = (
    "DELETE FROM events WHERE seq < (SELECT max(seq) FROM events)"
    " AND seq NOT IN (SELECT seq FROM outbox) AND seq NOT IN (SELECT seq FROM parked)"
)


class Wiper:
    """For one door. Methods may be called from any thread."""

    def __init__(
        self, identity: Enrolment, ledger: SqliteLedger, cache: SqliteCache, pictures: PictureStore, hub: KioskHub
    ) -> None:
        """Raises `LedgerFault`."""
        self._identity = identity
        self._key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
        self._ledger = ledger
        self._cache = cache
        self._pictures = pictures
        self._hub = hub
        self._is_revoked = ledger.marks().get(_MARK) == identity.device

    @property
    def is_revoked(self) -> bool:
        """Whether the centre has ended this door."""
        return self._is_revoked

    def refused(self, proof: str) -> None:
        """The centre refused this door as revoked. Without its seal on that, or once it is known, nothing happens."""
        if self._is_revoked:
            return
        try:
            said = self._key.unseal(proof, Revocation)
        except WireError as error:
            _log.error("revocation_ignored", alarm=True, error=type(error).__name__)
            return
        if (said.organization, said.device) != (self._identity.organization, self._identity.device):
            _log.error("revocation_ignored", alarm=True, error="another device's")
            return
        self.revoke()

    def revoke(self) -> None:
        """This door is ended: for good, so it is written down before anything is wiped."""
        self._is_revoked = True
        _log.error("revoked", alarm=True, device=self._identity.device)
        try:
            self._ledger.set_marks({_MARK: self._identity.device})
        except LedgerFault as error:
            _log.error("revocation_not_kept", alarm=True, reason=str(error))
        self.wipe()

    def wipe(self) -> None:
        """Cache, pictures, screens and neighbours' claims go, and of the ledger all but its identity, its unsent
        events and the newest one, to which the next is chained."""
        self._cache.discard("wiped")
        self._pictures.wipe()
        self._hub.forget()
        try:
            self._ledger.rows("PRAGMA secure_delete = ON")
            with self._ledger.transaction() as connection:
                for table in _ABOUT_PEOPLE:
                    connection.execute(f"DELETE FROM {table}")
                connection.execute(_SENT)
                connection.execute("DELETE FROM marks WHERE name = ?", (ACTS_MARK,))
            self._ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        except LedgerFault as error:
            _log.error("ledger_not_wiped", alarm=True, reason=str(error))
            return
        _log.warning("wiped", waiting=self._ledger.waiting())
