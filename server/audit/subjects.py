"""What is audited: each table with the name of its things, its secrets, and what changes too often to tell anything.

Not audited: what doors recorded (it is a chain of its own), the feed, queues, sessions, and saved searches.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from server.models import (
    AccessPoint,
    AccessPointVersion,
    Account,
    Activity,
    AllowedAdult,
    ApiToken,
    BalanceEntry,
    CardTemplate,
    ClientLogin,
    Contact,
    Credential,
    Device,
    DeviceCommand,
    EnrolmentCode,
    ExtraAnswer,
    ExtraQuestion,
    Facility,
    Membership,
    MembershipPause,
    MembershipPerson,
    MembershipType,
    Memo,
    Multipass,
    MultipassType,
    Occurrence,
    Organization,
    Person,
    PersonSkill,
    PictureVersion,
    Registration,
    Role,
    Settlement,
    Site,
    Skill,
    Staff,
    Tag,
    Webhook,
)

__all__ = ["ALWAYS_IGNORED", "SUBJECTS", "Subject"]

ALWAYS_IGNORED: Final = frozenset({"id", "organization_id", "created_at"})


@dataclass(frozen=True, slots=True)
class Subject:
    """How a table is audited.

    Of `secrets` only the change is kept, of `masked` the end. `lists` are relationships whose members are told by
    their `id`. A row with `part_of` is told as the list `part` of another entity, whose id is in that column.
    """

    entity: str
    secrets: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()
    lists: tuple[str, ...] = ()
    person: str = "person_id"
    part: str = ""
    part_of: str = ""


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


SUBJECTS: Final = MappingProxyType[type[Any], Subject](
    {
        Organization: Subject(
            "organization", secrets=_names("fingerprint_key", "pin_salt"), ignored=_names("next_member_number")
        ),
        Site: Subject("site"),
        Facility: Subject("facility"),
        AccessPoint: Subject("access_point"),
        AccessPointVersion: Subject("access_point_version"),
        Device: Subject(
            "device",
            secrets=_names("secret_hash", "broker_password"),
            ignored=_names("last_seen_at", "last_state", "version"),
            lists=("access_points",),
        ),
        EnrolmentCode: Subject("enrolment_code", secrets=_names("code_hash")),
        DeviceCommand: Subject("device_command"),
        Account: Subject("account"),
        Person: Subject("person", person="id", lists=("tags",)),
        Memo: Subject("memo"),
        Contact: Subject("contact"),
        AllowedAdult: Subject("allowed_adult", person="child_id"),
        Credential: Subject("credential", masked=_names("value"), ignored=_names("fingerprint")),
        ClientLogin: Subject("client_login", secrets=_names("password_hash")),
        PictureVersion: Subject("picture"),
        Tag: Subject("tag"),
        ExtraQuestion: Subject("extra_question"),
        ExtraAnswer: Subject("extra_answer"),
        Skill: Subject("skill"),
        PersonSkill: Subject("person_skill"),
        CardTemplate: Subject("card_template"),
        MembershipType: Subject("membership_type"),
        Membership: Subject("membership"),
        MembershipPerson: Subject("membership", part="people", part_of="membership_id"),
        MembershipPause: Subject("membership", part="pauses", part_of="membership_id"),
        MultipassType: Subject("multipass_type"),
        Multipass: Subject("multipass"),
        Activity: Subject("activity"),
        Occurrence: Subject("occurrence"),
        Registration: Subject("registration"),
        BalanceEntry: Subject("balance_entry"),
        Settlement: Subject("settlement"),
        Role: Subject("role"),
        Staff: Subject(
            "staff",
            secrets=_names("password_hash", "pin_hash", "totp_secret", "recovery_hashes"),
            ignored=_names("totp_step"),
        ),
        ApiToken: Subject("api_token", secrets=_names("token_hash"), ignored=_names("last_used_at")),
        Webhook: Subject("webhook", secrets=_names("secret")),
    }
)
