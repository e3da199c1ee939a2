"""Organizations and their places: sites (where doors stand), facilities and access points."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from access.domain import policy as law
from access.domain.people import Language, Text
from server.models.base import ID_LENGTH, Base, Identified, utc_now, word

__all__ = ["AccessPoint", "AccessPointVersion", "Facility", "Organization", "Site"]

_POLICY: TypeAdapter[law.AccessPoint] = TypeAdapter(law.AccessPoint)
_OUTSIDE_SETTINGS = ("id", "name", "site_id")


class Organization(Identified, Base):
    """A venue operator. `currency` is ISO 4217; `retention` says how long what is kept (`server.retention`).

    `fingerprint_key` (32 bytes) keys the fingerprints of its credentials; `pin_salt` (16 bytes, no
    secret) is the salt of all of its desk PINs."""

    __tablename__ = "organization"

    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="America/Toronto")
    language: Mapped[Language] = mapped_column(word(Language), default=Language.EN)
    currency: Mapped[str] = mapped_column(String(3), default="CAD", server_default="CAD")
    requires_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    retention: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    next_member_number: Mapped[int] = mapped_column(BigInteger, default=1, server_default="1")
    fingerprint_key: Mapped[bytes] = mapped_column(LargeBinary(32), default=lambda: secrets.token_bytes(32))
    pin_salt: Mapped[bytes] = mapped_column(LargeBinary(16), default=lambda: secrets.token_bytes(16))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    sites: Mapped[list[Site]] = relationship(back_populates="organization")

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_en, self.name_fr)


class Site(Identified, Base):
    """A place with doors that hear each other."""

    __tablename__ = "site"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")

    organization: Mapped[Organization] = relationship(back_populates="sites")

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_en, self.name_fr)


class Facility(Identified, Base):
    """A room, pool or rink that activities and access points belong to."""

    __tablename__ = "facility"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    site_id: Mapped[str | None] = mapped_column(ForeignKey("site.id"))
    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")

    site: Mapped[Site | None] = relationship()

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_en, self.name_fr)


class AccessPoint(Identified, Base):
    """The named place where one set of rules decides.

    `settings` is the JSON of the domain's `AccessPoint` without id, name and site; what is left out has its default.
    `draft` holds what an admin has not published yet: `name_en`, `name_fr`, `site_id` and `settings`.
    """

    __tablename__ = "access_point"

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    draft_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    draft_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]

    site: Mapped[Site] = relationship()

    @property
    def name(self) -> Text:
        """The name in both languages."""
        return Text(self.name_en, self.name_fr)

    @validates("settings")
    def _check_settings(self, _key: str, settings: dict[str, Any]) -> dict[str, Any]:
        unexpected = [name for name in settings if name in _OUTSIDE_SETTINGS]
        if unexpected:
            raise ValueError(f"{', '.join(unexpected)} is a column of its own, not a setting")
        _POLICY.validate_python({"id": "check", "name": {"en": "check"}, **settings}, extra="forbid")
        return settings

    def policy(self) -> law.AccessPoint:
        """The rules as the domain reads them."""
        name = {"en": self.name_en, "fr": self.name_fr}
        return _POLICY.validate_python(
            {**(self.settings or {}), "id": self.id, "name": name, "site_id": self.site_id}, extra="ignore"
        )

    @staticmethod
    def settings_of(point: law.AccessPoint) -> dict[str, Any]:
        """The settings document of a domain access point: only what differs from the defaults."""
        document: dict[str, Any] = _POLICY.dump_python(point, mode="json", exclude_defaults=True)
        return {name: value for name, value in document.items() if name not in _OUTSIDE_SETTINGS}


class AccessPointVersion(Identified, Base):
    """The rules of an access point as they were published once; `number` counts from 1."""

    __tablename__ = "access_point_version"
    __table_args__ = (UniqueConstraint("access_point_id", "number", name="uq_access_point_version_number"),)

    organization_id: Mapped[str] = mapped_column(ForeignKey("organization.id"), index=True)
    access_point_id: Mapped[str] = mapped_column(ForeignKey("access_point.id"))
    number: Mapped[int]
    name_en: Mapped[str] = mapped_column(String(200))
    name_fr: Mapped[str] = mapped_column(String(200), default="")
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    published_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    published_at: Mapped[datetime] = mapped_column(default=utc_now)
