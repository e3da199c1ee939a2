"""How far this door has ever followed the centre, kept in the ledger so that a fresh cache cannot take it back.

An epoch that was left is never entered again; within one, the door's seq never goes back.
"""

from __future__ import annotations

import json

from edge_agent.errors import LedgerFault
from edge_agent.ledger import SqliteLedger

__all__ = ["KnownStates"]

_MARK = "feed"
_PERSIST_STEPS = 20
_MAX_RETIRED = 50


class KnownStates:
    """The current epoch, the highest seq reached in it, and the epochs that were left.

    The seq is written now and then only: the cache itself keeps it, and this is for the day the cache is lost.
    """

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger
        kept = json.loads(ledger.marks().get(_MARK, "{}"))
        self._epoch: str | None = kept.get("epoch")
        self._seq = int(kept.get("seq", 0))
        self._retired: list[str] = list(kept.get("retired", ()))
        self._persisted_seq = self._seq

    def is_retired(self, epoch: str) -> bool:
        """Whether the epoch was left for another."""
        return epoch in self._retired

    def seq_of(self, epoch: str) -> int:
        """The highest seq known to have been reached in the epoch."""
        return self._seq if epoch == self._epoch else 0

    def entered(self, epoch: str, seq: int) -> None:
        """A snapshot was installed."""
        if self._epoch is not None and epoch != self._epoch:
            self._retired = [*self._retired, self._epoch][-_MAX_RETIRED:]
        self._seq = max(self.seq_of(epoch), seq)
        self._epoch = epoch
        self._persist()

    def reached(self, epoch: str, seq: int) -> None:
        """A delta was applied."""
        if epoch == self._epoch and seq > self._seq:
            self._seq = seq
            if seq >= self._persisted_seq + _PERSIST_STEPS:
                self._persist()

    def _persist(self) -> None:
        value = json.dumps({"epoch": self._epoch, "seq": self._seq, "retired": self._retired})
        try:
            self._ledger.set_marks({_MARK: value})
        except LedgerFault:
            return  # the next one is written again
        self._persisted_seq = self._seq
