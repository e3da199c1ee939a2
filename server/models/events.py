"""What happened at the doors, exactly as they said it; what could not be taken in; and what staff must hear of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from server.models.base import ID_LENGTH, Base, Identified, utc_now

__all__ = ["REFUSED_OR_REVIEWED", "Alarm", "Event", "QuarantinedMessage"]

REFUSED_OR_REVIEWED = "kind IN ('denied', 'review_refused', 'review_requested')"
"""The condition of an index; a query that says it word for word is answered from there."""


class Event(Base):
    """One event of a door. `body` is its canonical JSON, the truth; the columns beside it are for finding it.

    People, accounts and access points may be unknown here (or gone later), hence no foreign keys to them. `flags`
    are the centre's remarks: overdrawn, clone, late, long_ago, chain_broken, unknown_access_point, ahead_of_time,
    unknown_pass, card_not_assigned. `is_flagged` says that there are any. With a person's data, what their card was and
    what was noted leave the body, by the audit log's entry `erased_by`; `body_hash` stays that of what the door said.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("device_id", "seq", name="uq_event_device_seq"),
        # Without the many that refer to nothing: SQLite would take them for what the index finds, and scan instead.
        Index(
            "ix_event_refers_to",
            "refers_to",
            sqlite_where=text("refers_to IS NOT NULL"),
            postgresql_where=text("refers_to IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    site_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    seq: Mapped[int] = mapped_column(BigInteger)
    prev_hash: Mapped[str] = mapped_column(String(64))
    access_point_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    account_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    person_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    kind: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(40))
    reasons: Mapped[list[str]]
    pass_type: Mapped[str | None] = mapped_column(String(40))
    pass_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    pass_name: Mapped[str | None] = mapped_column(String(200))
    credential_kind: Mapped[str | None] = mapped_column(String(40))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    is_offline: Mapped[bool]
    staff_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    refers_to: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    flags: Mapped[list[str]] = mapped_column(default=list)
    is_flagged: Mapped[bool] = mapped_column(default=False, server_default=false())
    body: Mapped[str] = mapped_column(Text)
    body_hash: Mapped[str] = mapped_column(String(64))
    erased_by: Mapped[int | None] = mapped_column(BigInteger)

    @validates("flags")
    def _note_flags(self, _name: str, flags: list[str]) -> list[str]:
        self.is_flagged = bool(flags)
        return flags


# Keyset pages walk these backwards: newest first, the id settles equal instants. What stands after the id is there so
# that a filter, or a count, is answered from the index: rows that are not wanted are never fetched.
_NEWEST = (Event.occurred_at.desc(), Event.id.desc())
_ACCOUNT = (Event.organization_id, Event.account_id)
_COUNTED = (Event.kind, Event.person_id, Event.access_point_id, Event.pass_type, Event.is_offline)
Index(
    "ix_event_account_activity",
    *_ACCOUNT,
    *_NEWEST,
    Event.person_id,
    Event.kind,
    Event.outcome,
    Event.access_point_id,
    Event.pass_type,
    Event.pass_id,
)
Index("ix_event_overview", Event.organization_id, Event.access_point_id, *_NEWEST, Event.kind, Event.person_id)
Index(
    "ix_event_person",
    Event.organization_id,
    Event.person_id,
    *_NEWEST,
    Event.kind,
    Event.outcome,
    Event.access_point_id,
    Event.pass_type,
    Event.pass_id,
)
Index(
    "ix_event_day",
    Event.organization_id,
    *_NEWEST,
    *_COUNTED,
)


def _some(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# The few rows of an account that are no plain entry: found at once however many plain ones lie between them.
Index("ix_event_account_kind", *_ACCOUNT, Event.kind, *_NEWEST, **_some("kind <> 'checked_in'"))
Index("ix_event_account_outcome", *_ACCOUNT, Event.outcome, *_NEWEST, **_some("outcome <> 'granted'"))
Index("ix_event_undone", Event.organization_id, Event.occurred_at, Event.refers_to, **_some("kind = 'undone'"))
Index("ix_event_account_flagged", *_ACCOUNT, *_NEWEST, **_some("is_flagged"))
# SQLite's own `ix_event_reasons`, by a migration, stands in for what PostgreSQL includes.
Index(
    "ix_event_refused",
    Event.organization_id,
    *_NEWEST,
    *_COUNTED,
    **_some(REFUSED_OR_REVIEWED),
    postgresql_include=["reasons"],
)


class QuarantinedMessage(Identified, Base):
    """Something received that could not be taken in: kept (bounded), counted, never silently dropped.

    `seq` and `body_hash` are set when it is one event whose place in its device's chain is known.
    """

    __tablename__ = "quarantined_message"
    __table_args__ = (UniqueConstraint("device_id", "payload_hash", name="uq_quarantined_message_payload"),)

    organization_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    site_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(400), default="")
    seq: Mapped[int | None] = mapped_column(BigInteger)
    body_hash: Mapped[str | None] = mapped_column(String(64))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    payload_size: Mapped[int]
    payload_hash: Mapped[str] = mapped_column(String(64))
    times: Mapped[int] = mapped_column(default=1)
    received_at: Mapped[datetime] = mapped_column(default=utc_now)


class Alarm(Identified, Base):
    """Something staff must look at; the same kind about the same subject is raised once until it is settled."""

    __tablename__ = "alarm"
    __table_args__ = (Index("ix_alarm_subject", "organization_id", "kind", "subject"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"))
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(ID_LENGTH))
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raised_at: Mapped[datetime] = mapped_column(default=utc_now)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
