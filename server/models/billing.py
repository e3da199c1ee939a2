"""What an account owes, entry by entry, and how an overdrawn pass was settled."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.models.base import ID_LENGTH, Base, Identified, utc_now

__all__ = ["BalanceEntry", "Settlement"]


class BalanceEntry(Identified, Base):
    """An amount in the organization's currency: above zero is owed by the account, below zero paid or credited.

    `kind`: charge, payment, credit or adjustment; `source`: hand, import, api or settlement. Entries are never changed.
    """

    __tablename__ = "balance_entry"
    __table_args__ = (
        Index("ix_balance_entry_account", "account_id", "entered_at"),
        Index("uq_balance_entry_external_id", "organization_id", "external_id", unique=True),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(20))
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date | None]
    description: Mapped[str] = mapped_column(String(300), default="")
    source: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    event_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    entered_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    entered_at: Mapped[datetime] = mapped_column(default=utc_now)


class Settlement(Identified, Base):
    """What an admin decided about a flagged event. `decision`: charge, credit, block or none (let it be).

    `is_use_added`: the pass's total was raised by one for it. A block stands until one of the others takes its place;
    `memo_ids` are the memos that say why, `blocked_ids` the people whom nothing else blocked.
    """

    __tablename__ = "settlement"
    __table_args__ = (UniqueConstraint("organization_id", "event_id", name="uq_settlement_event"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    event_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    multipass_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    decision: Mapped[str] = mapped_column(String(20))
    balance_entry_id: Mapped[str | None] = mapped_column(ForeignKey("balance_entry.id"))
    note: Mapped[str] = mapped_column(String(400), default="")
    is_use_added: Mapped[bool] = mapped_column(default=False)
    memo_ids: Mapped[list[str]] = mapped_column(default=list)
    blocked_ids: Mapped[list[str]] = mapped_column(default=list)
    decided_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    decided_at: Mapped[datetime] = mapped_column(default=utc_now)

    balance_entry: Mapped[BalanceEntry | None] = relationship(lazy="joined")
