"""What the feed said of accounts at an earlier mark: the latest entry of each entity up to then.

The log is bounded. An entity without an entry after the mark is still as it was then, however short the log; where
the log is too short to say, the present state stands in and `Then.is_whole` is False.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from access.domain.credentials import Credential
from access.domain.facts import Facts
from access.domain.memberships import Membership
from access.domain.multipasses import Multipass, PassUse
from access.domain.people import Account, Participant
from access.domain.policy import AccessPoint
from access.domain.registrations import Activity, Registration
from access.wire.errors import WireError
from access.wire.events import CacheMark
from access.wire.feed import Body, EntityKind, load_body
from server.explain import repository
from server.explain.repository import Entry, Present, Session
from server.feed.repository import Head, head_of

__all__ = ["History", "Then"]

_Key = tuple[str, str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Then:
    """An account's part of a door's cache at a mark. `facts` has one person of it, or none who was there.

    `is_then` is False for the present state; `is_whole` is False when it stands in for some of it.
    """

    facts: Facts
    credentials: dict[str, Credential] = field(default_factory=dict)
    is_then: bool = True
    is_whole: bool = True


class _Version(NamedTuple):
    """What of a mark matters to an account: how many of its entries had been, and whether the log reaches back.

    Neither now nor anything passed: a mark of another epoch.
    """

    is_now: bool = False
    passed: int | None = None
    is_trimmed: bool = False


class History:
    """The log of the accounts asked for, kept for the next question. For one thread and one session."""

    def __init__(self, session: Session, organization_id: str) -> None:
        self._session = session
        self._organization_id = organization_id
        self._head: Head | None = head_of(session, organization_id)
        self._entries: dict[_Key, list[Entry]] = {}
        self._present: dict[_Key, Present] = {}
        self._by_account: dict[str, set[_Key]] = {}
        self._seqs: dict[str, list[int]] = {}
        self._newest: dict[tuple[str, str], tuple[_Version, Then]] = {}
        self._parsed: dict[tuple[str, str], Body | None] = {}

    def load(self, account_ids: Iterable[str]) -> None:
        """Reads what is not read yet, all accounts at once."""
        wanted = sorted({each for each in account_ids if each not in self._by_account})
        if not wanted:
            return
        for account_id in wanted:
            self._by_account[account_id] = set()
        self._keep(repository.entries_of_accounts(self._session, self._organization_id, wanted))
        self._keep_present(repository.present_of_accounts(self._session, self._organization_id, wanted))
        self._load_activities(wanted)

    def then(self, account_id: str, person_id: str, mark: CacheMark | None) -> Then:
        """What a door that stood at the mark knew of a person and the account; None is the present state."""
        self.load([account_id])
        version, kept = self._version(account_id, mark), self._newest.get((account_id, person_id))
        if kept is None or kept[0] != version:
            kept = version, self._then(account_id, person_id, mark)
            self._newest[account_id, person_id] = kept
        return kept[1]

    def _version(self, account_id: str, mark: CacheMark | None) -> _Version:
        """The same for two marks between which nothing of the account changed in the log."""
        if mark is None:
            return _Version(is_now=True)
        if not self.is_of_this_epoch(mark) or self._head is None:
            return _Version()
        if account_id not in self._seqs:
            keys = self._by_account[account_id] | self._activity_keys(account_id)
            self._seqs[account_id] = sorted(each.seq for key in keys for each in self._entries.get(key, []))
        passed = bisect_right(self._seqs[account_id], mark.seq)
        return _Version(passed=passed, is_trimmed=self._head.trimmed_through > mark.seq)

    def _then(self, account_id: str, person_id: str, mark: CacheMark | None) -> Then:
        found: dict[EntityKind, list[Body]] = {kind: [] for kind in EntityKind}
        is_whole = True
        for key in sorted(self._by_account[account_id]):
            body, owner, is_sure = self._state(key, mark)
            is_whole = is_whole and is_sure
            if body is not None and owner == account_id:
                found[EntityKind(key[0])].append(body)
        held = [each for each in found[EntityKind.REGISTRATION] if isinstance(each, Registration)]
        activities, is_sure = self._activities(held, mark)
        facts = Facts(
            participant=next((each for each in _of(found, Participant) if each.id == person_id), None),
            account=next(iter(_of(found, Account)), None),
            memberships=tuple(_of(found, Membership)),
            multipasses=tuple(_of(found, Multipass)),
            uses=tuple(_of(found, PassUse)),
            registrations=tuple(held),
            activities=activities,
        )
        cards = {each.fingerprint: each for each in _of(found, Credential)}
        return Then(facts, cards, is_then=mark is not None, is_whole=is_whole and is_sure)

    def point(self, access_point_id: str, mark: CacheMark | None) -> tuple[AccessPoint | None, bool]:
        """The rules of an access point at the mark, and whether they surely are those."""
        key = (EntityKind.ACCESS_POINT.value, access_point_id)
        if key not in self._entries and key not in self._present:
            self._load_keys(EntityKind.ACCESS_POINT, [access_point_id])
        body, _, is_sure = self._state(key, mark)
        return (body if isinstance(body, AccessPoint) else None), is_sure

    def heard_at(self, mark: CacheMark) -> datetime | None:
        """When the newest entry up to the mark was made: a door that stood there knew at least this much."""
        if self._head is None or mark.epoch != self._head.epoch:
            return None
        return repository.made_at(self._session, self._organization_id, mark.seq)

    def is_of_this_epoch(self, mark: CacheMark) -> bool:
        """Whether the mark's number means anything here."""
        return self._head is not None and mark.epoch == self._head.epoch

    def _state(self, key: _Key, mark: CacheMark | None) -> tuple[Body | None, str | None, bool]:
        """The entity, its account, and whether that is surely how it was."""
        entries, head = self._entries.get(key, []), self._head
        if mark is None:
            return *self._now(key), True
        if head is None or mark.epoch != head.epoch:
            return *self._now(key), False
        before = bisect_right(entries, mark.seq, key=lambda each: each.seq)
        if before:
            entry = entries[before - 1]
            return (self._load(key[0], entry.body) if entry.body else None), entry.account_id, True
        if head.trimmed_through > mark.seq:
            return *self._now(key), False
        if not entries:
            return *self._now(key), True
        # It changed since. In a whole log it was not there before; of a trimmed one nobody can say what it was.
        return (None, None, True) if head.trimmed_through == 0 else (*self._now(key), False)

    def _now(self, key: _Key) -> tuple[Body | None, str | None]:
        present = self._present.get(key)
        return (self._load(key[0], present.body), present.account_id) if present else (None, None)

    def _activities(self, held: list[Registration], mark: CacheMark | None) -> tuple[tuple[Activity, ...], bool]:
        found: list[Activity] = []
        is_whole = True
        for activity_id in sorted({each.activity_id for each in held}):
            body, _, is_sure = self._state((EntityKind.ACTIVITY.value, activity_id), mark)
            is_whole = is_whole and is_sure
            if isinstance(body, Activity):
                found.append(body)
        return tuple(found), is_whole

    def _keep(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            key = (entry.kind, entry.entity_id)
            kept = self._entries.setdefault(key, [])
            if not kept or kept[-1].seq < entry.seq:
                kept.append(entry)
            if entry.account_id in self._by_account:
                self._by_account[entry.account_id].add(key)

    def _keep_present(self, found: Iterable[Present]) -> None:
        for each in found:
            key = (each.kind, each.id)
            self._present[key] = each
            if each.account_id in self._by_account:
                self._by_account[each.account_id].add(key)

    def _load_activities(self, account_ids: list[str]) -> None:
        wanted = {key[1] for account_id in account_ids for key in self._activity_keys(account_id)}
        known = {key[1] for key in (*self._entries, *self._present) if key[0] == EntityKind.ACTIVITY.value}
        self._load_keys(EntityKind.ACTIVITY, sorted(wanted - known))

    def _activity_keys(self, account_id: str) -> set[_Key]:
        """Of the activities that somebody of the account is or ever was registered for."""
        bodies = (
            self._load(key[0], body)
            for key in self._by_account[account_id]
            if key[0] == EntityKind.REGISTRATION.value
            for body in self._bodies(key)
        )
        return {(EntityKind.ACTIVITY.value, each.activity_id) for each in bodies if isinstance(each, Registration)}

    def _bodies(self, key: _Key) -> list[str]:
        present = [self._present[key].body] if key in self._present else []
        return [*present, *(each.body for each in self._entries.get(key, []) if each.body)]

    def _load_keys(self, kind: EntityKind, ids: list[str]) -> None:
        if ids:
            self._keep(repository.entries_of(self._session, self._organization_id, kind, ids))
            self._keep_present(repository.present_of(self._session, self._organization_id, kind, ids))

    def _load(self, kind: str, body: str) -> Body | None:
        """Bodies are values, so one parse serves every scan that looks at them. What nobody can read is not there."""
        key = (kind, body)
        if key not in self._parsed:
            try:
                self._parsed[key] = load_body(EntityKind(kind), body)
            except (WireError, ValueError):
                self._parsed[key] = None
        return self._parsed[key]


def _of(found: dict[EntityKind, list[Body]], type_: type[_T]) -> list[_T]:
    return [each for bodies in found.values() for each in bodies if isinstance(each, type_)]
