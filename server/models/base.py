"""The base of every table, ids, and the few column types that differ between SQLite and PostgreSQL."""

from __future__ import annotations

import enum
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Enum, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from access.domain.ids import uuid7

__all__ = ["ID_LENGTH", "Base", "Identified", "UtcDateTime", "new_id", "utc_now", "word"]

ID_LENGTH = 64
"""Every id fits `access.wire.model.Name`, so that it may stand in a topic."""


def new_id() -> str:
    """A new id: UUIDv7, so that rows made later sort later."""
    return uuid7(time.time_ns() // 1_000_000, secrets.token_bytes(10))


def utc_now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant. SQLite keeps no offset, so it is stored there as UTC wall time, which also sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: UTC. Raises ValueError for a naive value."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its offset from UTC")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database: aware, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def word(type_: type[enum.StrEnum]) -> Enum:
    """A column of one of our words: its wire value as text of at most 40 characters, no native enum type."""
    return Enum(
        type_,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [each.value for each in members],
    )


class Base(DeclarativeBase):
    """The base of every model."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[int]: JSON(),
        list[list[int]]: JSON(),
    }


class Identified:
    """A table whose rows have an id of ours."""

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
