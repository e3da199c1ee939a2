"""The feed: the numbered log of every change a door needs, and the snapshot it starts from.

An entry's body is one of the domain's own values. Doors know their `(epoch, seq)`: a delta applies when it starts
at or before the door's seq; a later start is a gap (filled over HTTP), another epoch means a fresh snapshot.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from access.domain.credentials import Credential
from access.domain.doors import Door
from access.domain.memberships import Membership
from access.domain.multipasses import Multipass, PassUse
from access.domain.office_acts import OfficeAct
from access.domain.people import Account, AllowedAdult, Organization, Participant
from access.domain.places import Facility
from access.domain.policy import AccessPoint
from access.domain.registrations import Activity, Registration
from access.domain.staff import StaffMember
from access.wire.errors import MalformedMessage
from access.wire.model import Digest, Instant, Message, Name, WireModel

__all__ = [
    "BODY_TYPES",
    "SNAPSHOT_DDL",
    "SNAPSHOT_HEADER",
    "Body",
    "EntityKind",
    "FeedDelta",
    "FeedEntry",
    "SnapshotMark",
    "dump_body",
    "load_body",
]

SNAPSHOT_HEADER = "Gatehouse-Snapshot"
"""The HTTP header that carries the sealed `SnapshotMark` of a snapshot file."""

SNAPSHOT_DDL = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE entity (kind TEXT NOT NULL, id TEXT NOT NULL, account_id TEXT, body TEXT NOT NULL,"
    " PRIMARY KEY (kind, id)) WITHOUT ROWID",
    "CREATE INDEX entity_account ON entity (account_id) WHERE account_id IS NOT NULL",
)
"""The tables of a snapshot file (SQLite). `meta` has organization, site, epoch, seq and made_at; all else is an
`entity` whose body is the JSON of `dump_body`."""


class EntityKind(StrEnum):
    """The kinds of things a door keeps."""

    ORGANIZATION = "organization"
    ACCESS_POINT = "access_point"
    ACCOUNT = "account"
    PERSON = "person"
    CREDENTIAL = "credential"
    MEMBERSHIP = "membership"
    MULTIPASS = "multipass"
    PASS_USE = "pass_use"
    ACTIVITY = "activity"
    REGISTRATION = "registration"
    FACILITY = "facility"
    STAFF = "staff"
    ALLOWED_ADULT = "allowed_adult"
    DOOR = "door"
    OFFICE_ACT = "office_act"


Body = (
    Organization
    | AccessPoint
    | Account
    | Participant
    | Credential
    | Membership
    | Multipass
    | PassUse
    | Activity
    | Registration
    | Facility
    | StaffMember
    | AllowedAdult
    | Door
    | OfficeAct
)

BODY_TYPES: dict[EntityKind, type[Body]] = {
    EntityKind.ORGANIZATION: Organization,
    EntityKind.ACCESS_POINT: AccessPoint,
    EntityKind.ACCOUNT: Account,
    EntityKind.PERSON: Participant,
    EntityKind.CREDENTIAL: Credential,
    EntityKind.MEMBERSHIP: Membership,
    EntityKind.MULTIPASS: Multipass,
    EntityKind.PASS_USE: PassUse,
    EntityKind.ACTIVITY: Activity,
    EntityKind.REGISTRATION: Registration,
    EntityKind.FACILITY: Facility,
    EntityKind.STAFF: StaffMember,
    EntityKind.ALLOWED_ADULT: AllowedAdult,
    EntityKind.DOOR: Door,
    EntityKind.OFFICE_ACT: OfficeAct,
}
_ADAPTERS: dict[EntityKind, TypeAdapter[Body]] = {kind: TypeAdapter(body) for kind, body in BODY_TYPES.items()}


def dump_body(body: Body) -> str:
    """The JSON of a body, leaving out what has its default."""
    kind = next(kind for kind, type_ in BODY_TYPES.items() if isinstance(body, type_))
    return _ADAPTERS[kind].dump_json(body, exclude_defaults=True).decode()


def load_body(kind: EntityKind, raw: str | bytes) -> Body:
    """A body from its JSON; unknown fields of a newer centre are passed over. Raises `MalformedMessage`."""
    try:
        return _ADAPTERS[kind].validate_json(raw, extra="ignore")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise MalformedMessage(f"not a {kind}: {first['loc']} {first['msg']}") from error


class FeedEntry(WireModel):
    """One change. `put` replaces the whole entity; `delete` has no body. `account` groups what a scan reads at once."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    seq: int = Field(ge=1)
    op: Literal["put", "delete"]
    kind: str = Field(max_length=40)
    id: str = Field(max_length=100)
    account: str | None = Field(default=None, max_length=100)
    body: dict[str, Any] | None = None


class FeedDelta(Message):
    """The changes with `after < seq <= through` that concern this site; none at all is a sign of life.

    `made_at` is the centre's clock: a door that has applied this knows everything as of then.
    """

    organization: Name
    site: Name
    epoch: Name
    after: int = Field(ge=0)
    through: int = Field(ge=0)
    made_at: Instant
    entries: tuple[FeedEntry, ...] = ()


class SnapshotMark(Message):
    """What a snapshot file is: whose, up to where, and its exact bytes."""

    organization: Name
    site: Name
    epoch: Name
    seq: int = Field(ge=0)
    made_at: Instant
    sha256: Digest
    size: int = Field(ge=0)
