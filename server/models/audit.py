"""The audit log: who changed what, from what to what. Each entry carries the digest of the one before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import ID_LENGTH, Base, utc_now

__all__ = ["AuditEntry", "AuditHead"]


class AuditHead(Base):
    """Where an organization's audit log stands. Up to `trimmed_through` it is gone, with that digest at the end."""

    __tablename__ = "audit_head"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    hash: Mapped[str] = mapped_column(String(64), default="0" * 64)
    trimmed_through: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    trimmed_hash: Mapped[str] = mapped_column(String(64), default="0" * 64, server_default="0" * 64)


class AuditEntry(Base):
    """One changed row. `actor_kind`: staff, token, client, door or system; `action`: `person:changed` and the like.

    `changes` maps each column to its value before and after; secrets are only said to have changed. The chain covers
    them through `changes_hash`, salted: with a person's data they and the salt are erased, by the entry `erased_by`.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_entity", "organization_id", "entity", "entity_id", "seq"),
        Index("ix_audit_entry_person", "organization_id", "person_id", "seq"),
        Index("ix_audit_entry_account", "organization_id", "account_id", "seq"),
        Index("ix_audit_entry_actor", "organization_id", "actor_id", "seq"),
    )

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(default=utc_now)
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    action: Mapped[str] = mapped_column(String(60))
    entity: Mapped[str] = mapped_column(String(40))
    entity_id: Mapped[str] = mapped_column(String(140))
    account_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    person_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    changes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    salt: Mapped[str] = mapped_column(String(32))
    changes_hash: Mapped[str] = mapped_column(String(64))
    erased_by: Mapped[int | None] = mapped_column(BigInteger)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
