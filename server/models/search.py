"""What the search of clients stands on: folded names in order, the words of each person, and near misses of names.

Written by `server.clients.indexing` only, in the transaction that changes a person; it can be thrown away and rebuilt.
The words are also in a full-text index: on SQLite the table `person_word`, written beside them; on PostgreSQL a GIN
index.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.models.base import ID_LENGTH, Base

__all__ = ["AccountOrder", "NameVariant", "PersonSearch", "SearchVersion"]


def _folded(length: int) -> String:
    """Compared byte by byte on both engines, so that a prefix is a range."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class PersonSearch(Base):
    """A person as searched: `by_last` "tremblay lucie", `by_first` "lucie tremblay", and every word that finds them.

    Each of `words` begins with the four letters of its organization (`server.clients.folding.scope_of`).
    """

    __tablename__ = "person_search"
    __table_args__ = (
        Index("ix_person_search_by_last", "organization_id", "by_last", "no"),
        Index("ix_person_search_by_first", "organization_id", "by_first", "no"),
    )

    no: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    organization_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    by_last: Mapped[str] = mapped_column(_folded(240))
    by_first: Mapped[str] = mapped_column(_folded(240))
    words: Mapped[str] = mapped_column(Text)


class AccountOrder(Base):
    """Where an account stands in the list: by its owner's folded name, else its own."""

    __tablename__ = "account_order"
    __table_args__ = (Index("ix_account_order_name", "organization_id", "name", "account_id"),)

    account_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    organization_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    name: Mapped[str] = mapped_column(_folded(240))


class NameVariant(Base):
    """A word of somebody's name, and what is left of it without one of its letters."""

    __tablename__ = "name_variant"

    organization_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    variant: Mapped[str] = mapped_column(_folded(40), primary_key=True)
    word: Mapped[str] = mapped_column(_folded(40), primary_key=True)


class SearchVersion(Base):
    """How the index was made: one row, the version of the folding. Another version is rebuilt."""

    __tablename__ = "search_version"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
