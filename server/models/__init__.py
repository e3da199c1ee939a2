"""Every table of the centre. Rows are organization-scoped; children without the column belong to a parent with it."""

from server.models.activities import Activity, Occurrence, Registration
from server.models.base import Base, new_id, utc_now
from server.models.devices import Device, DeviceMark, EnrolmentCode, device_access_point
from server.models.events import Alarm, Event, QuarantinedMessage
from server.models.feed import FeedEntry, FeedHead
from server.models.leases import PassLease
from server.models.organizations import AccessPoint, Facility, Organization, Site
from server.models.passes import (
    Membership,
    MembershipPause,
    MembershipPerson,
    MembershipType,
    Multipass,
    MultipassType,
    PassUse,
)
from server.models.people import Account, AllowedAdult, Credential, Memo, Person
from server.models.staff import Staff, StaffRole, StaffSession

__all__ = [
    "AccessPoint",
    "Account",
    "Activity",
    "Alarm",
    "AllowedAdult",
    "Base",
    "Credential",
    "Device",
    "DeviceMark",
    "EnrolmentCode",
    "Event",
    "Facility",
    "FeedEntry",
    "FeedHead",
    "Membership",
    "MembershipPause",
    "MembershipPerson",
    "MembershipType",
    "Memo",
    "Multipass",
    "MultipassType",
    "Occurrence",
    "Organization",
    "PassLease",
    "PassUse",
    "Person",
    "QuarantinedMessage",
    "Registration",
    "Site",
    "Staff",
    "StaffRole",
    "StaffSession",
    "device_access_point",
    "new_id",
    "utc_now",
]
