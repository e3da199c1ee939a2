"""Enrolling, recognising and revoking doors.

A one-time code (single use, ten minutes) becomes an identity with a random secret of 256 bits, shown once and kept
as a hash: for so much randomness SHA-256 is enough, there is nothing to guess.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from access.wire.enrolment import Enrolment, Revocation, canonical_enrolment_code
from access.wire.sealing import CentreKey
from server.devices import repository
from server.devices.mosquitto import mosquitto_password_line
from server.errors import CodeRefused, NotFound
from server.models.base import ID_LENGTH, new_id, utc_now
from server.models.devices import Device, DeviceMark, EnrolmentCode
from server.models.events import Alarm
from server.models.organizations import Organization, Site
from server.secrets import token_digest

__all__ = [
    "CODE_LIFETIME",
    "DeviceIdentity",
    "authenticate",
    "change",
    "check_code",
    "create_enrolment_code",
    "enroll",
    "identify",
    "raise_guessing_alarm",
    "revocation",
    "revoke",
]

CODE_LIFETIME = timedelta(minutes=10)
GUESSING_ALARM = "enrolment_guessing"
# No 0 and O, no 1, I and L: the code is read out and typed. 31^8 codes, each for ten minutes.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Who a door is and where it stands."""

    device: str
    organization: str
    site: str
    secret_hash: str


def create_enrolment_code(
    session: Session,
    organization_id: str,
    site_id: str,
    name: str,
    access_point_ids: Collection[str],
    staff_id: str | None = None,
    *,
    now: datetime | None = None,
) -> str:
    """A new one-time code such as `K7XM-2P9Q`, kept as a hash. Raises `NotFound` for places of somebody else."""
    site = session.get(Site, site_id)
    if site is None or site.organization_id != organization_id:
        raise NotFound(f"no site {site_id} in this organization")
    points = repository.access_points_of_site(session, organization_id, site_id, access_point_ids)
    if len(points) != len(set(access_point_ids)) or not points:
        raise NotFound("a door needs at least one access point, all of them at its site")
    made_at = now or utc_now()
    code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    session.add(
        EnrolmentCode(
            organization_id=organization_id,
            site_id=site_id,
            name=name,
            access_point_ids=list(access_point_ids),
            code_hash=token_digest(code),
            created_by=staff_id,
            created_at=made_at,
            expires_at=made_at + CODE_LIFETIME,
        )
    )
    return f"{code[:4]}-{code[4:]}"


def enroll(
    session: Session, code: str, *, version: str, key: CentreKey, mqtt_url: str, now: datetime | None = None
) -> Enrolment:
    """Trades a one-time code for a new identity. Raises `CodeRefused`."""
    at = now or utc_now()
    found = check_code(session, code, now=at)
    if not repository.take_code(session, found.id, at):
        raise CodeRefused("the code is used")
    device_id, secret = new_id(), secrets.token_hex(32)
    device = Device(
        id=device_id,
        organization_id=found.organization_id,
        site_id=found.site_id,
        name=found.name,
        secret_hash=token_digest(secret),
        broker_password=mosquitto_password_line(device_id, secret),
        version=version,
        enrolled_at=at,
        access_points=repository.access_points_of_site(
            session, found.organization_id, found.site_id, found.access_point_ids
        ),
    )
    session.add(device)
    session.flush()
    session.add(DeviceMark(device_id=device_id))
    found.device_id = device_id
    organization = session.get_one(Organization, found.organization_id)
    return Enrolment(
        organization=found.organization_id,
        site=found.site_id,
        device=device_id,
        secret=secret,
        centre_public_key=key.public_raw.hex(),
        fingerprint_key=organization.fingerprint_key.hex(),
        mqtt_url=mqtt_url,
        access_points=tuple(found.access_point_ids),
    )


def check_code(session: Session, code: str, *, now: datetime | None = None) -> EnrolmentCode:
    """The code, if it may be used now. Raises `CodeRefused`."""
    found = repository.code_by_hash(session, token_digest(canonical_enrolment_code(code)))
    if found is None or found.used_at is not None or (now or utc_now()) >= found.expires_at:
        raise CodeRefused("the code is wrong, used or too old")
    return found


def raise_guessing_alarm(session: Session, address: str, *, now: datetime | None = None) -> None:
    """Tells every organization that has an open code, once until it is settled: whose code was meant nobody knows."""
    at = now or utc_now()
    for organization_id in repository.organizations_with_open_codes(session, at):
        if not repository.has_open_alarm(session, organization_id, GUESSING_ALARM):
            details = {"address": address[:64]}
            session.add(
                Alarm(
                    organization_id=organization_id,
                    kind=GUESSING_ALARM,
                    subject=address[:ID_LENGTH] or "-",
                    details=details,
                    raised_at=at,
                )
            )


def identify(session: Session, device_id: str) -> DeviceIdentity | None:
    """The door of this id, if it is in service."""
    device = session.get(Device, device_id)
    if device is None or device.revoked_at is not None:
        return None
    return DeviceIdentity(device.id, device.organization_id, device.site_id, device.secret_hash)


def authenticate(identity: DeviceIdentity | None, secret: str) -> bool:
    """Whether the secret is this door's; takes as long for an unknown door as for a wrong secret."""
    expected = identity.secret_hash if identity else "0" * 64
    return hmac.compare_digest(token_digest(secret), expected) and identity is not None


def revocation(session: Session, device_id: str, secret: str) -> Revocation | None:
    """That this door is revoked, for whoever knows its secret."""
    device = session.get(Device, device_id)
    known = hmac.compare_digest(token_digest(secret), device.secret_hash if device else "0" * 64)
    if device is None or not known or device.revoked_at is None:
        return None
    return Revocation(organization=device.organization_id, device=device.id, revoked_at=device.revoked_at)


def revoke(session: Session, organization_id: str, device_id: str, *, now: datetime | None = None) -> None:
    """Ends a door: from now on it is refused everywhere. Raises `NotFound`."""
    device = session.get(Device, device_id)
    if device is None or device.organization_id != organization_id:
        raise NotFound(f"no device {device_id} in this organization")
    device.revoked_at = device.revoked_at or now or utc_now()


def change(session: Session, organization_id: str, device_id: str, *, name: str, points: Collection[str]) -> None:
    """Renames a door and says which access points it serves. Raises `NotFound` for places that are not at its site."""
    device = repository.device_in(session, organization_id, device_id)
    if device is None:
        raise NotFound(f"no device {device_id} in this organization")
    found = repository.access_points_of_site(session, organization_id, device.site_id, points)
    if len(found) != len(set(points)) or not found:
        raise NotFound("a door needs at least one access point, all of them at its site")
    device.name = name
    device.access_points = found
