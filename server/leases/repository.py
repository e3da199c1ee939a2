"""The queries of lending. Read in this order - lock, leases, uses - nothing is ever counted as free twice."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.models.devices import Device, DeviceMark
from server.models.leases import PassLease
from server.models.passes import Multipass

__all__ = ["borrowers", "leases_of_device", "locked_multipass", "named_leases", "open_leases"]


def locked_multipass(session: Session, organization_id: str, multipass_id: str) -> Multipass | None:
    """The organization's multipass, locked until the commit: lending and taking back go one after the other."""
    wanted = select(Multipass).where(Multipass.id == multipass_id, Multipass.organization_id == organization_id)
    return session.scalars(wanted.with_for_update(of=Multipass)).one_or_none()


def open_leases(session: Session, multipass_id: str) -> list[PassLease]:
    """The leases of a pass that have not come back."""
    wanted = select(PassLease).where(PassLease.multipass_id == multipass_id, PassLease.returned_at.is_(None))
    return list(session.scalars(wanted.order_by(PassLease.id)))


def leases_of_device(session: Session, device_id: str) -> list[PassLease]:
    """What a device was lent and has not come back."""
    wanted = select(PassLease).where(PassLease.device_id == device_id, PassLease.returned_at.is_(None))
    return list(session.scalars(wanted.order_by(PassLease.id)))


def named_leases(session: Session, organization_id: str, ids: Collection[str]) -> dict[str, PassLease]:
    """The organization's leases among the ids."""
    wanted = select(PassLease).where(PassLease.organization_id == organization_id, PassLease.id.in_(ids))
    return {each.id: each for each in session.scalars(wanted)} if ids else {}


def borrowers(session: Session, device_ids: Collection[str]) -> dict[str, tuple[Device, DeviceMark | None]]:
    """The devices with what is known of their events."""
    wanted = select(Device, DeviceMark).outerjoin(DeviceMark, DeviceMark.device_id == Device.id)
    return {device.id: (device, mark) for device, mark in session.execute(wanted.where(Device.id.in_(device_ids)))}
