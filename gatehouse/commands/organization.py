"""`gatehouse organization`: creates an organization with its first site, access point and administrator."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from access.domain.people import Language
from gatehouse.commands.failing import fail
from gatehouse.commands.server import server_settings
from server.db import Database
from server.models import AccessPoint, Organization, Site, StaffRole
from server.staff.errors import InvalidEmail
from server.staff.service import create_staff

__all__ = ["organization"]


def organization(
    name: Annotated[str, typer.Argument(help="The organization's name in English.")],
    admin_email: Annotated[str, typer.Option(help="E-mail that the first administrator signs in with.")],
    admin_name: Annotated[str, typer.Option(help="The administrator's name.")] = "Administrator",
    name_fr: Annotated[str, typer.Option(help="The name in French.")] = "",
    time_zone: Annotated[str, typer.Option(help="IANA time zone; its midnights end days.")] = "America/Toronto",
    language: Annotated[Language, typer.Option(help="The first language of its screens.")] = Language.EN,
    access_point: Annotated[str, typer.Option(help="Name of the first access point.")] = "Main entrance",
    config: Annotated[Path | None, typer.Option(help="The centre's settings (TOML).")] = None,
) -> None:
    """Create an organization; prints the first administrator's password once."""
    settings = server_settings(config)
    try:
        ZoneInfo(time_zone)
    except (ValueError, KeyError, OSError):
        fail(f"{time_zone!r} is not a time zone.", hint="Write an IANA name such as America/Toronto or Europe/Paris.")
    if not name.strip() or not access_point.strip():
        fail("An organization and its access point need a name.")
    password = secrets.token_urlsafe(12)
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.effective_database_url)
    try:
        database.migrate()
        with database.write() as session:
            id_ = _free_id(session, name)
            _add(session, id_, Organization(name_en=name, name_fr=name_fr, time_zone=time_zone, language=language))
            session.add(
                AccessPoint(organization_id=id_, site_id=f"{id_}-main", name_en=access_point, name_fr="", settings={})
            )
            create_staff(
                session,
                organization_id=id_,
                email=admin_email,
                name=admin_name,
                password=password,
                role=StaffRole.ADMIN,
                language=language,
            )
    except InvalidEmail as error:
        fail(f"--admin-email: {error}.")
    finally:
        database.close()
    print(f"Created {name} ({id_}). Sign in at {settings.browser_url}/admin as {admin_email}")
    print(f"Password, shown this once: {password}")


def _add(session: Session, id_: str, organization: Organization) -> None:
    """The organization and its site."""
    organization.id = id_
    session.add(organization)
    session.flush()
    session.add(Site(id=f"{id_}-main", organization_id=id_, name_en="Main site", name_fr="Site principal"))
    session.flush()


def _free_id(session: Session, name: str) -> str:
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "organization"
    taken = set(session.scalars(select(Organization.id)))
    return next(each for each in (base, *(f"{base}-{n}" for n in range(2, 1000))) if each not in taken)
