"""Uses of strict multipasses that are lent to doors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import ID_LENGTH, Base, Identified

__all__ = ["PassLease"]


class PassLease(Identified, Base):
    """`count` uses of a multipass that only this device may spend, reserved until `returned_at`.

    `ledger` names the file at the door that it was lent to; `after_seq` is the highest event of the device that was
    known when it was lent, so everything spent of it comes after.
    """

    __tablename__ = "pass_lease"
    __table_args__ = (Index("ix_pass_lease_multipass", "multipass_id", "returned_at"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    multipass_id: Mapped[str] = mapped_column(ForeignKey("multipass.id"))
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), index=True)
    ledger: Mapped[str] = mapped_column(String(ID_LENGTH))
    count: Mapped[int]
    after_seq: Mapped[int] = mapped_column(BigInteger)
    lent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
