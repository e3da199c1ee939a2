"""The feed: no change can miss it, and a snapshot is the feed replayed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from access.domain.credentials import Code, CredentialKind
from access.domain.memberships import CancellationState
from access.domain.registrations import ActivityKind
from access.domain.staff import DeskPermission, StaffMember
from access.wire.canonical import MAX_MESSAGE_BYTES
from access.wire.events import EventKind
from access.wire.feed import EntityKind, FeedDelta, load_body
from access.wire.pins import who_has_pin
from access.wire.sealing import CentreKey, CentrePublicKey
from server.db import Commit, Database
from server.desk.service import Deed, record
from server.errors import FeedGone
from server.feed import repository
from server.feed.service import CHUNK, catch_up, sealed_messages
from server.feed.snapshot import SnapshotStore
from server.feed.trimming import FeedTrimmer
from server.models import (
    AccessPoint,
    Account,
    Activity,
    AllowedAdult,
    Credential,
    Facility,
    FeedEntry,
    Membership,
    MembershipPause,
    MembershipPerson,
    MembershipType,
    Memo,
    Multipass,
    MultipassType,
    Occurrence,
    Organization,
    PassUse,
    Person,
    Registration,
    Role,
    Site,
    Staff,
    StaffRole,
)
from server.staff.errors import PinTaken, WeakPin
from server.staff.pins import clear_pin, set_pin
from server.staff.service import disable_staff

_AT = datetime(2026, 3, 10, 14, tzinfo=UTC)


def entries(database: Database, after: int = 0) -> list[FeedEntry]:
    """What the feed says after a number."""
    with database.read() as session:
        wanted = select(FeedEntry).where(FeedEntry.organization_id == "club", FeedEntry.seq > after)
        return list(session.scalars(wanted.order_by(FeedEntry.seq)))


def last_seq(database: Database) -> int:
    """Where the feed stands."""
    with database.read() as session:
        head = repository.head_of(session, "club")
        return head.seq if head else 0


def replayed(database: Database, site: str = "main") -> dict[tuple[str, str], str]:
    """What a door knows that applied every delta from the beginning."""
    known: dict[tuple[str, str], str] = {}
    for entry in entries(database):
        if entry.site_id in (None, site):
            if entry.body is None:
                known.pop((entry.kind, entry.entity_id), None)
            else:
                known[entry.kind, entry.entity_id] = entry.body
    return known


def snapshotted(database: Database, folder: Path, site: str = "main") -> dict[tuple[str, str], str]:
    """What a door knows from a snapshot."""
    made = SnapshotStore(database, folder).get("club", site)
    with sqlite3.connect(made.path) as connection:
        found = {(kind, id_): body for kind, id_, body in connection.execute("SELECT kind, id, body FROM entity")}
    connection.close()
    return found


@pytest.fixture
def full_club(club: Database) -> Database:
    """The sample organization with one of everything that doors know."""
    with club.write() as session:
        organization, ann = session.get_one(Organization, "club"), session.get_one(Person, "ann")
        card = Credential.of(organization, ann, Code(CredentialKind.BARCODE, "0001"))
        card.id = "card"
        session.add(card)
        session.add(Memo(id="memo", person=ann, text="nuts", is_starred=True, is_allergy=True))
        gym = MembershipType(id="gym", organization_id="club", name_en="Gym")
        membership = Membership(
            id="membership", organization_id="club", account_id="family", type=gym, starts_on=date(2026, 1, 1)
        )
        membership.people.append(MembershipPerson(person=ann))
        membership.pauses.append(MembershipPause(id="pause", first_on=date(2026, 7, 1)))
        yoga = Activity(id="yoga", organization_id="club", kind=ActivityKind.SESSION, name_en="Yoga")
        yoga.occurrences.append(Occurrence(id="monday", starts_at=_AT, ends_at=_AT + timedelta(hours=1)))
        place = Registration(id="place", organization_id="club", account_id="family", person=ann, activity=yoga)
        session.add_all([membership, yoga, place])
        use = {"organization_id": "club", "multipass_id": "pass", "account_id": "family", "person_id": "ann"}
        session.add(PassUse(id="use", used_at=_AT, **use))
        session.add(Facility(id="hall", organization_id="club", name_en="Hall"))
        adult = {"account_id": "family", "name": "Ben", "relation_en": "uncle"}
        session.add(AllowedAdult(id="ben", organization_id="club", child_id="ann", **adult))
        staff = {"email": "dana@club.example", "name": "Dana", "password_hash": "x", "pin_hash": "$argon2id$x"}
        session.add(Staff(id="dana", organization_id="club", role=StaffRole.DESK, **staff))
        came = Deed(kind=EventKind.CHECKED_IN, access_point_id="entrance", person_id="ann", account_id="family")
        record(session, "club", came, staff_id="dana", now=datetime.now(UTC))
    return club


CHANGES: dict[str, tuple[Callable[[Session], None], set[tuple[str, str]]]] = {
    "organization": (lambda s: _set(s, Organization, "club", time_zone="Europe/Paris"), {("organization", "club")}),
    "access point": (
        lambda s: _set(s, AccessPoint, "entrance", settings={"pulse_ms": 1}),
        {("access_point", "entrance")},
    ),
    "archived point": (lambda s: _set(s, AccessPoint, "exit", archived_at=_AT), {("access_point", "exit")}),
    "facility": (lambda s: _set(s, Facility, "hall", name_fr="Salle"), {("facility", "hall")}),
    "allowed adult": (lambda s: s.delete(s.get_one(AllowedAdult, "ben")), {("allowed_adult", "ben")}),
    "staff role": (lambda s: _set(s, Staff, "dana", role=StaffRole.VIEWER), {("staff", "dana")}),
    "staff disabled": (lambda s: disable_staff(s, s.get_one(Staff, "dana")), {("staff", "dana")}),
    "picture verified": (
        lambda s: _set(s, Person, "ann", access_picture_verified_by="dana"),
        {("person", "ann")},
    ),
    "staff renamed": (
        lambda s: (_set(s, Person, "ann", access_picture_verified_by="dana"), _set(s, Staff, "dana", name="Dana R.")),
        {("person", "ann"), ("staff", "dana")},
    ),
    "no PIN": (lambda s: clear_pin(s.get_one(Staff, "dana")), {("staff", "dana")}),
    "account": (lambda s: _set(s, Account, "family", balance_cents=5), {("account", "family")}),
    "person": (lambda s: _set(s, Person, "ann", is_blocked=True), {("person", "ann")}),
    "memo": (lambda s: _set(s, Memo, "memo", text="nuts and eggs"), {("person", "ann")}),
    "unstarred memo": (lambda s: _set(s, Memo, "memo", is_starred=False), {("person", "ann")}),
    "memo gone": (lambda s: s.delete(s.get_one(Memo, "memo")), {("person", "ann")}),
    "card revoked": (lambda s: _set(s, Credential, "card", revoked_at=_AT), {("credential", "*")}),
    "card gone": (lambda s: s.delete(s.get_one(Credential, "card")), {("credential", "*")}),
    "membership": (
        lambda s: _set(s, Membership, "membership", cancellation_state=CancellationState.REQUESTED),
        {("membership", "membership")},
    ),
    "pause": (lambda s: _set(s, MembershipPause, "pause", last_on=date(2026, 8, 1)), {("membership", "membership")}),
    "pause gone": (lambda s: _empty(s, "pauses"), {("membership", "membership")}),
    "person uncovered": (lambda s: _empty(s, "people"), {("membership", "membership")}),
    "type renamed": (lambda s: _set(s, MembershipType, "gym", name_fr="Gymnase"), {("membership", "membership")}),
    "pass": (lambda s: _set(s, Multipass, "pass", total=9), {("multipass", "pass")}),
    "pass type renamed": (lambda s: _set(s, MultipassType, "pool", name_en="Lake"), {("multipass", "pass")}),
    "use": (lambda s: _set(s, PassUse, "use", is_undone=True), {("pass_use", "use")}),
    "activity": (lambda s: _set(s, Activity, "yoga", name_en="Yin"), {("activity", "yoga")}),
    "occurrence": (lambda s: _set(s, Occurrence, "monday", is_cancelled=True), {("activity", "yoga")}),
    "registration": (lambda s: _set(s, Registration, "place", has_invoice=False), {("registration", "place")}),
    "registration gone": (lambda s: s.delete(s.get_one(Registration, "place")), {("registration", "place")}),
}


def _set(session: Session, model: type[Any], id_: str, **values: Any) -> None:
    row = session.get_one(model, id_)
    for name, value in values.items():
        setattr(row, name, value)


def _empty(session: Session, children: str) -> None:
    membership = session.get_one(Membership, "membership")
    getattr(membership, children).clear()


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_reaches_the_feed(full_club: Database, tmp_path: Path, name: str) -> None:
    """Each kind of change, and nothing beside it; afterwards the feed replayed is the snapshot."""
    change, touched = CHANGES[name]
    before, heard = last_seq(full_club), []
    full_club.commits.subscribe(heard.append)
    with full_club.write() as session:
        change(session)
    said = {
        (entry.kind, "*" if entry.kind == "credential" else entry.entity_id) for entry in entries(full_club, before)
    }
    assert said == touched
    assert [commit.feeds for commit in heard] == [frozenset({"club"})]
    assert replayed(full_club) == snapshotted(full_club, tmp_path / "snapshots")


def test_every_kind_is_in_the_snapshot_and_reads_back(full_club: Database, tmp_path: Path) -> None:
    """Every kind, each body one of the law's values."""
    known = snapshotted(full_club, tmp_path)
    assert {kind for kind, _ in known} == {kind.value for kind in EntityKind}
    for (kind, _), body in known.items():
        load_body(EntityKind(kind), body)


def test_what_doors_know_of_staff_ends_with_the_account(full_club: Database, tmp_path: Path) -> None:
    """A hash and the desk's permissions; never an e-mail or a password; nothing once disabled or without a PIN."""
    body = snapshotted(full_club, tmp_path / "before")["staff", "dana"]
    assert "example" not in body
    assert "password" not in body
    dana = load_body(EntityKind.STAFF, body)
    assert isinstance(dana, StaffMember)
    assert dana.permissions == frozenset(DeskPermission) - {DeskPermission.OVERRIDE_BLOCK}
    with full_club.write() as session:
        disable_staff(session, session.get_one(Staff, "dana"))
    assert ("staff", "dana") not in snapshotted(full_club, tmp_path / "after")
    assert [entry.body for entry in entries(full_club) if entry.entity_id == "dana"][-1] is None


def test_a_role_of_ones_own_reaches_the_desks_of_doors(full_club: Database, tmp_path: Path) -> None:
    """Given, changed, renamed and archived: each door hears what its desk may now grant, and only then."""

    def told() -> frozenset[DeskPermission]:
        body = [each.body for each in entries(full_club) if each.entity_id == "dana"][-1]
        assert body is not None
        dana = load_body(EntityKind.STAFF, body)
        assert isinstance(dana, StaffMember)
        return dana.permissions

    with full_club.write() as session:
        role = Role(id="gate", organization_id="club", name="Gate", desk_permissions=[DeskPermission.LOOK_UP])
        session.add_all([role, Role(id="other", organization_id="club", name="Other")])
        session.flush()
        session.get_one(Staff, "dana").role_id = "gate"
    assert told() == {DeskPermission.LOOK_UP}
    with full_club.write() as session:
        session.get_one(Role, "gate").desk_permissions = [DeskPermission.APPROVE, DeskPermission.UNDO, "no such thing"]
    assert told() == {DeskPermission.APPROVE, DeskPermission.UNDO}
    before = last_seq(full_club)
    with full_club.write() as session:
        session.get_one(Role, "gate").name = "Turnstile"
        session.get_one(Role, "gate").permissions = ["audit"]
        session.get_one(Role, "other").desk_permissions = [DeskPermission.OVERRIDE]
    assert last_seq(full_club) == before
    with full_club.write() as session:
        session.get_one(Role, "gate").archived_at = _AT
    assert told() == frozenset()
    assert replayed(full_club) == snapshotted(full_club, tmp_path / "snapshot")


def test_a_pin_is_its_owners_only(full_club: Database) -> None:
    """Weak ones and another's are refused; what is stored is no PIN, and the same PIN elsewhere is another hash."""
    with full_club.write() as session:
        dana = session.get_one(Staff, "dana")
        for weak in ("1234", "111111", "123456", "18462x"):
            with pytest.raises(WeakPin):
                set_pin(session, dana, weak)
        set_pin(session, dana, "184623")
        session.flush()
        assert who_has_pin("184623", [("dana", dana.pin_hash)]) == "dana"
        own = {"organization_id": "club", "name": "Lea", "password_hash": "x"}
        lea = Staff(id="lea", email="lea@club.example", **own)
        session.add(lea)
        session.flush()
        with pytest.raises(PinTaken):
            set_pin(session, lea, "184623")
        set_pin(session, dana, "184623")


def test_a_card_moves_with_its_holder(full_club: Database) -> None:
    """The credential names the account, so that a scan reads everything at once: it must follow."""
    with full_club.write() as session:
        session.add(Account(id="second", organization_id="club"))
        session.flush()
        session.get_one(Person, "ann").account_id = "second"
    bodies = {entry.kind: json.loads(entry.body or "") for entry in entries(full_club)}
    assert bodies["credential"]["account_id"] == bodies["person"]["account_id"] == "second"


def test_a_changed_card_number_leaves_no_open_door(full_club: Database) -> None:
    """The old fingerprint is deleted, the new one put."""
    before = last_seq(full_club)
    with full_club.write() as session:
        session.get_one(Credential, "card").fingerprint = "f" * 32
    said = {(entry.entity_id == "f" * 32, entry.body is None) for entry in entries(full_club, before)}
    assert said == {(True, False), (False, True)}


def test_an_access_point_that_moves_leaves_its_old_site(full_club: Database, tmp_path: Path) -> None:
    """The doors of the old site are told to forget it."""
    with full_club.write() as session:
        session.add(Site(id="annex", organization_id="club", name_en="Annex"))
        session.flush()
        session.get_one(AccessPoint, "exit").site_id = "annex"
    for site, points in (("main", {"entrance"}), ("annex", {"exit"})):
        known = replayed(full_club, site)
        assert {id_ for kind, id_ in known if kind == "access_point"} == points
        assert known == snapshotted(full_club, tmp_path / site, site)


def test_no_private_word_goes_to_a_door(full_club: Database, tmp_path: Path) -> None:
    """Nowhere in the file: no e-mail, no phone, no birth year, no raw code, no unstarred memo."""
    with full_club.write() as session:
        ann = session.get_one(Person, "ann")
        ann.email, ann.phone, ann.date_of_birth = "ann@secret.example", "555-0199", date(1987, 4, 5)
        ann.memos.append(Memo(text="owes an apology"))
        organization = session.get_one(Organization, "club")
        session.add(Credential.of(organization, ann, Code(CredentialKind.BARCODE, "RAWCODE77")))
    raw = SnapshotStore(full_club, tmp_path).get("club", "main").path.read_bytes()
    for secret in (b"secret.example", b"555-0199", b"1987-04-05", b"RAWCODE77", b"apology"):
        assert secret not in raw
    assert json.loads(replayed(full_club)["person", "ann"])["birthday"] == [4, 5]


def test_a_door_knows_by_whom_a_picture_was_verified(full_club: Database) -> None:
    """By the name they have now, and by nobody when the id is nobody's."""
    with full_club.write() as session:
        session.get_one(Person, "ann").access_picture_verified_by = "dana"
    assert json.loads(replayed(full_club)["person", "ann"])["picture_verified_by"] == "Dana"
    with full_club.write() as session:
        session.get_one(Staff, "dana").name = "Dana Roy"
    assert json.loads(replayed(full_club)["person", "ann"])["picture_verified_by"] == "Dana Roy"
    with full_club.write() as session:
        session.get_one(Person, "ann").access_picture_verified_by = "nobody"
    assert "picture_verified_by" not in json.loads(replayed(full_club)["person", "ann"])


def test_a_nested_rollback_tells_nothing_untrue(full_club: Database, tmp_path: Path) -> None:
    """What a savepoint took back is not put at the doors."""
    with full_club.write() as session:
        nested = session.begin_nested()
        session.add(Account(id="ghost", organization_id="club"))
        session.get_one(Account, "family").balance_cents = 77
        session.flush()
        nested.rollback()
    assert ("account", "ghost") not in replayed(full_club)
    assert replayed(full_club) == snapshotted(full_club, tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        update(Person).values(is_blocked=True),
        delete(Memo),
        insert(Account).values(id="bulk", organization_id="club"),
    ],
    ids=["update", "delete", "insert"],
)
def test_bulk_statements_that_would_miss_the_feed_are_refused(full_club: Database, statement: Any) -> None:
    """There is no quiet way round."""
    with pytest.raises(TypeError, match="through objects"), full_club.write() as session:
        session.execute(statement)


def test_numbers_are_in_the_order_of_commits(full_club: Database) -> None:
    """A transaction that began first but commits last gets the later numbers, and nobody sees a hole."""
    before = last_seq(full_club)
    with full_club.write() as session:
        session.get_one(Account, "family").balance_cents = 1
        session.get_one(Person, "ann").first_name = "Anna"
    assert [entry.seq for entry in entries(full_club, before)] == [before + 1, before + 2]


def test_catching_up_in_chunks_arrives_where_the_feed_is(full_club: Database) -> None:
    """Chunk after chunk, each starting where the last one ended."""
    with full_club.write() as session:
        session.add_all(Account(id=f"many{number}", organization_id="club") for number in range(2 * CHUNK + 3))
    with full_club.read() as session:
        head = repository.head_of(session, "club")
        assert head is not None
        after, seen = 0, []
        while after < head.seq:
            delta = catch_up(session, "club", "main", epoch=head.epoch, after=after)
            assert delta.after == after < delta.through
            seen += [entry.seq for entry in delta.entries]
            after = delta.through
    assert seen == [entry.seq for entry in entries(full_club)]


def test_what_the_feed_cannot_lead_to_is_gone(full_club: Database) -> None:
    """Another epoch, a trimmed part, a number beyond the head: only a snapshot helps."""
    with full_club.write() as session:
        assert repository.trim(session, "club", keep=3) == last_seq(full_club) - 3
    with full_club.read() as session:
        head = repository.head_of(session, "club")
        assert head is not None
        assert len(catch_up(session, "club", "main", epoch=head.epoch, after=head.seq - 3).entries) == 3
        for epoch, after in ((head.epoch, head.seq - 4), (head.epoch, head.seq + 1), ("other", head.seq)):
            with pytest.raises(FeedGone):
                catch_up(session, "club", "main", epoch=epoch, after=after)
    with full_club.write() as session:
        renewed = repository.renew_epoch(session, "club")
    assert renewed != head.epoch


def test_the_log_is_trimmed_by_itself(full_club: Database) -> None:
    """Only when it has grown to twice what is kept; what is kept is what doors may still ask for."""
    trimmer = FeedTrimmer(full_club, keep=5)
    with full_club.write() as session:
        session.add_all(Account(organization_id="club") for _ in range(20))
    assert trimmer.trim_all() == last_seq(full_club) - 5
    assert [entry.seq for entry in entries(full_club)] == list(range(last_seq(full_club) - 4, last_seq(full_club) + 1))
    with full_club.write() as session:
        session.add_all(Account(organization_id="club") for _ in range(4))
    assert trimmer.trim_all() == 0


def test_large_changes_are_cut_to_fit_the_broker(full_club: Database) -> None:
    """Each message is under 64 KB; what fits in none leaves a gap to ask for."""
    before = last_seq(full_club)
    with full_club.write() as session:
        for number in range(300):
            name = "x" * 190 + str(number)
            session.add(Activity(id=f"a{number}", organization_id="club", kind=ActivityKind.DROP_IN, name_en=name))
        ann = session.get_one(Person, "ann")
        ann.memos.append(Memo(text="y" * 70_000, is_starred=True))
    key = CentreKey(b"k" * 32)
    with full_club.read() as session:
        head = repository.head_of(session, "club")
        assert head is not None
        found = repository.entries_between(session, "club", "main", after=before, through=head.seq)
        raw = list(sealed_messages(head, "main", after=before, entries=found, key=key, now=_AT))
    assert max(len(each) for each in raw) <= MAX_MESSAGE_BYTES
    public = CentrePublicKey(key.public_raw)
    deltas = [public.unseal(each, FeedDelta) for each in raw]
    assert {entry.kind for delta in deltas for entry in delta.entries} == {"activity"}
    at, gaps = before, 0
    for delta in deltas:
        gaps += delta.after > at
        at = delta.through
    assert (at, gaps) == (head.seq, 1)


def test_a_snapshot_is_made_once_and_again_when_too_old(full_club: Database, tmp_path: Path) -> None:
    """While the feed leads on from it in one chunk it is the same file; then, or in another epoch, a new one."""
    store = SnapshotStore(full_club, tmp_path / "snapshots")
    first = store.get("club", "main")
    with full_club.write() as session:
        session.get_one(Account, "family").balance_cents = 3
    assert store.get("club", "main") == first
    with full_club.write() as session:
        session.add_all(Account(organization_id="club") for _ in range(CHUNK))
    second = store.get("club", "main")
    assert second.mark.seq == last_seq(full_club)
    with full_club.write() as session:
        repository.renew_epoch(session, "club")
    assert store.get("club", "main").mark.epoch != second.mark.epoch
    assert second.mark.size == second.path.stat().st_size
    assert len(list((tmp_path / "snapshots").iterdir())) == 3
    with pytest.raises(FeedGone):
        store.get("nobody", "main")


_PEOPLE = st.sampled_from(["p0", "p1", "p2"])
_ACTS = st.lists(
    st.tuples(st.sampled_from(["add", "rename", "memo", "unmemo", "move", "drop", "card", "commit"]), _PEOPLE),
    max_size=25,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=_ACTS)
def test_the_feed_replayed_is_the_snapshot_whatever_happened(
    acts: list[tuple[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
    migrated_file: Path,
    fill_club: Callable[[Database], None],
) -> None:
    """Any edits in any order, in one commit or several, through the same sessions."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "centre.db").write_bytes(migrated_file.read_bytes())
    database = Database(f"sqlite:///{folder / 'centre.db'}")
    fill_club(database)
    with Session(database.write_engine) as session:
        session.add(Account(id="other", organization_id="club"))
        for number, (act, id_) in enumerate(acts):
            _act(session, act, id_, number)
        session.commit()
    assert replayed(database) == snapshotted(database, folder / "snapshots")
    database.close()


def _act(session: Session, act: str, id_: str, number: int) -> None:
    person = session.get(Person, id_)
    if act == "commit":
        session.commit()
    elif act == "add" and person is None:
        session.add(Person(id=id_, organization_id="club", account_id="family", first_name="P"))
    elif person is None:
        return
    elif act == "rename":
        person.first_name = f"P{number}"
    elif act == "memo":
        person.memos.append(Memo(text=str(number), is_starred=number % 2 == 0))
    elif act == "unmemo" and person.memos:
        session.delete(person.memos.pop())
    elif act == "move":
        session.flush()
        person.account_id = "other" if person.account_id == "family" else "family"
    elif act == "card":
        organization = session.get_one(Organization, "club")
        session.add(Credential.of(organization, person, Code(CredentialKind.QR, f"c{number}")))
    elif act == "drop":
        session.flush()
        session.refresh(person)
        session.delete(person)
    session.flush()


def test_another_organization_hears_nothing(full_club: Database) -> None:
    """Each has its own numbers."""
    before = last_seq(full_club)
    heard: list[Commit] = []
    full_club.commits.subscribe(heard.append)
    with full_club.write() as session:
        session.add(Organization(id="rival", name_en="Rival"))
        session.flush()
        session.add(Account(id="theirs", organization_id="rival"))
    assert last_seq(full_club) == before
    assert [commit.feeds for commit in heard] == [frozenset({"rival"})]
    with full_club.read() as session:
        head = repository.head_of(session, "rival")
        assert head is not None
        assert head.seq == 2
