"""Every table of the centre. Rows are organization-scoped; children without the column belong to a parent with it."""

from server.models.activities import Activity, Occurrence, Registration
from server.models.api import ApiToken, ImportJob, Webhook, WebhookDelivery
from server.models.audit import AuditEntry, AuditHead
from server.models.base import Base, new_id, utc_now
from server.models.billing import BalanceEntry, Settlement
from server.models.clients import (
    CardTemplate,
    ClientLogin,
    ClientSession,
    ClientToken,
    ExtraAnswer,
    ExtraQuestion,
    Mail,
    PersonSkill,
    PictureVersion,
    SavedList,
    Skill,
)
from server.models.devices import Device, DeviceCommand, DeviceMark, EnrolmentCode, device_access_point
from server.models.events import Alarm, Event, QuarantinedMessage
from server.models.feed import FeedEntry, FeedHead
from server.models.leases import PassLease
from server.models.organizations import AccessPoint, AccessPointVersion, Facility, Organization, Site
from server.models.passes import (
    Membership,
    MembershipPause,
    MembershipPerson,
    MembershipType,
    Multipass,
    MultipassType,
    PassUse,
)
from server.models.people import Account, AllowedAdult, Contact, Credential, Memo, Person, Tag, person_tag
from server.models.privacy import DeviceTrim, EarlyUndo, MovementCount, RetentionRun
from server.models.search import AccountOrder, NameVariant, PersonSearch, SearchVersion
from server.models.staff import Role, Staff, StaffRole, StaffSession

__all__ = [
    "AccessPoint",
    "AccessPointVersion",
    "Account",
    "AccountOrder",
    "Activity",
    "Alarm",
    "AllowedAdult",
    "ApiToken",
    "AuditEntry",
    "AuditHead",
    "BalanceEntry",
    "Base",
    "CardTemplate",
    "ClientLogin",
    "ClientSession",
    "ClientToken",
    "Contact",
    "Credential",
    "Device",
    "DeviceCommand",
    "DeviceMark",
    "DeviceTrim",
    "EarlyUndo",
    "EnrolmentCode",
    "Event",
    "ExtraAnswer",
    "ExtraQuestion",
    "Facility",
    "FeedEntry",
    "FeedHead",
    "ImportJob",
    "Mail",
    "Membership",
    "MembershipPause",
    "MembershipPerson",
    "MembershipType",
    "Memo",
    "MovementCount",
    "Multipass",
    "MultipassType",
    "NameVariant",
    "Occurrence",
    "Organization",
    "PassLease",
    "PassUse",
    "Person",
    "PersonSearch",
    "PersonSkill",
    "PictureVersion",
    "QuarantinedMessage",
    "Registration",
    "RetentionRun",
    "Role",
    "SavedList",
    "SearchVersion",
    "Settlement",
    "Site",
    "Skill",
    "Staff",
    "StaffRole",
    "StaffSession",
    "Tag",
    "Webhook",
    "WebhookDelivery",
    "device_access_point",
    "new_id",
    "person_tag",
    "utc_now",
]
