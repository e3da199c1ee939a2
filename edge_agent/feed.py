"""The feed: keeps the cache at what the centre says. Signed deltas over MQTT; gaps and snapshots over HTTP.

Nothing unsigned, foreign or older than what this door knew is ever applied; a fetched snapshot is brought up to what
was known before it takes the old one's place.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from access.domain.office_acts import OfficeAct
from access.wire.enrolment import FEED_PATH, SNAPSHOT_PATH, Enrolment
from access.wire.errors import WireError
from access.wire.events import CacheMark
from access.wire.feed import SNAPSHOT_HEADER, FeedDelta, SnapshotMark
from access.wire.sealing import MAX_SEALED_BYTES, CentrePublicKey
from edge_agent.backoff import Backoff
from edge_agent.cache import Applied, SqliteCache
from edge_agent.centre import Answer, CentreClient
from edge_agent.clock import DoorClock
from edge_agent.errors import CacheFault, CentreRefused, CentreUnreachable, LedgerFault
from edge_agent.known_states import KnownStates
from edge_agent.office_acts import acts_of, acts_of_snapshot

__all__ = ["FRESH_S", "FeedFollower"]

_log = structlog.get_logger(__name__)

FRESH_S = 10.0
"""A door is connected while the centre's last signed word is younger than this."""

_MAX_SNAPSHOT_BYTES = 8 * 1024**3
_POLL_S = 3.0
_TICK_S = 0.25
_GONE = 410
_REVOKED = "device_revoked"
_MAX_ROUNDS = 1000


class FeedFollower:
    """Runs in a thread of its own. `is_mqtt_up` says whether deltas come by themselves; if not it asks for them.
    `on_acts(acts, since, through)` keeps what the back office did (see `OfficeActs.take`), and may raise `LedgerFault`:
    then they come again. Where `has_acts(told)` says that some of those before are not kept, a snapshot brings them.
    `on_revoked(proof)` is told when the centre refuses this door as revoked, `on_renewed` when a snapshot that was
    asked for is in use."""

    def __init__(
        self,
        identity: Enrolment,
        cache: SqliteCache,
        known: KnownStates,
        clock: DoorClock,
        centre: CentreClient,
        *,
        is_mqtt_up: Callable[[], bool],
        on_applied: Callable[[FeedDelta], None] = lambda delta: None,
        on_acts: Callable[[list[OfficeAct], CacheMark | None, CacheMark | None], None] = lambda acts, since, through: (
            None
        ),
        has_acts: Callable[[CacheMark], bool] = lambda told: True,
        on_revoked: Callable[[str], None] = lambda proof: None,
        on_renewed: Callable[[], None] = lambda: None,
    ) -> None:
        self._identity = identity
        self._key = CentrePublicKey(bytes.fromhex(identity.centre_public_key))
        self._cache = cache
        self._known = known
        self._clock = clock
        self._centre = centre
        self._is_mqtt_up = is_mqtt_up
        self._on_applied = on_applied
        self._on_acts = on_acts
        self._has_acts = has_acts
        self._on_revoked = on_revoked
        self._on_renewed = on_renewed
        self._inbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self._backoff = Backoff(0.5, 15.0)
        self._pull_at = 0.0
        self._heard_at = float("-inf")
        self._is_behind = True
        self._is_renewal_asked = False
        self._trouble = ""
        self._is_trouble_ours = False

    @property
    def is_connected(self) -> bool:
        """Whether the centre has said something signed within the last ten seconds."""
        return time.monotonic() - self._heard_at < FRESH_S

    def start(self) -> None:
        """Starts following."""
        self._thread.start()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ends."""
        self._stop.set()
        self._inbox.put(None)
        self._thread.join(timeout_s)
        self._cache.close()

    def take(self, raw: bytes) -> None:
        """A message on the site's feed topic. From any thread."""
        self._inbox.put(raw)

    def catch_up(self) -> None:
        """MQTT came up: something may have been missed meanwhile. From any thread."""
        self._is_behind = True
        self._pull_at = 0.0
        self._inbox.put(None)

    def renew(self) -> None:
        """Fetches a whole snapshot as soon as the centre can be reached, whatever is here. From any thread."""
        self._is_renewal_asked = True
        self.catch_up()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with suppress(queue.Empty):
                    raw = self._inbox.get(timeout=_TICK_S)
                    if raw is not None:
                        self._receive(raw)
                self._check_damage()
                self._check_acts()
                if time.monotonic() >= self._pull_at and self._is_pull_due():
                    self._pull()
            except (CacheFault, LedgerFault, OSError) as error:
                self._fail(error)

    def _is_pull_due(self) -> bool:
        is_silent = not self._is_mqtt_up() or not self.is_connected
        return self._is_behind or self._cache.state is None or is_silent

    def _receive(self, raw: bytes) -> None:
        delta = self._unseal(raw)
        if delta is not None and self._apply(self._cache, delta) in (Applied.GAP, Applied.OTHER_EPOCH):
            self._is_behind = True
            if not self._trouble:  # a centre that cannot be reached is not asked at every beat
                self._pull_at = 0.0

    def _unseal(self, raw: bytes) -> FeedDelta | None:
        """The delta inside, if it is of this door's centre and site and not of a state that was left."""
        try:
            delta = self._key.unseal(raw, FeedDelta)
        except WireError as error:
            _log.error("feed_ignored", alarm=True, error=type(error).__name__, size=len(raw))
            return None
        if (delta.organization, delta.site) != (self._identity.organization, self._identity.site):
            _log.error("feed_ignored", alarm=True, error="another site's")
            return None
        if self._known.is_retired(delta.epoch):
            _log.warning("feed_ignored", error="an epoch that was left")
            return None
        return delta

    def _apply(self, cache: SqliteCache, delta: FeedDelta) -> Applied:
        state = cache.state
        self._take_acts(cache, delta)
        result = cache.apply(delta)
        if result is Applied.OTHER_EPOCH:
            self._is_behind = True
            return result
        is_news = state is None or delta.made_at > state.data_as_of
        if is_news and result is not Applied.NOTHING_NEW:
            # A gap is a sign of life too, but what it says is not known yet.
            self._hear(delta)
        if result is Applied.APPLIED and cache is self._cache:
            self._known.reached(delta.epoch, delta.through)
            self._on_applied(delta)
        return result

    def _take_acts(self, cache: SqliteCache, delta: FeedDelta) -> None:
        acts, state = acts_of(delta), cache.state
        if acts is None:
            return
        fits = state is not None and state.mark.epoch == delta.epoch and delta.after <= state.mark.seq
        self._on_acts(acts, cache.acts_told, CacheMark(epoch=delta.epoch, seq=delta.through) if fits else None)

    def _check_acts(self) -> None:
        told = self._cache.acts_told
        if told is not None and not self._is_renewal_asked and not self._has_acts(told):
            _log.warning("office_acts_missing", epoch=told.epoch, seq=told.seq)
            self.renew()

    def _hear(self, delta: FeedDelta) -> None:
        self._heard_at = time.monotonic()
        self._clock.hear(delta.made_at)

    def _pull(self) -> None:
        """Asks the centre for what is missing: deltas while there is a cache they fit on, else a snapshot."""
        is_renewal = self._is_renewal_asked
        try:
            if is_renewal or self._cache.state is None or not self._fill(self._cache):
                self._fetch_snapshot()
        except (CentreUnreachable, CentreRefused) as error:
            self._fail(error)
            return
        self._is_behind = False
        if is_renewal:
            self._is_renewal_asked = False
            self._on_renewed()
        self._pull_at = time.monotonic() + _POLL_S
        self._backoff.reset()
        if self._trouble:
            _log.info("feed_back" if self._is_trouble_ours else "centre_back")
            self._trouble = ""

    def _fill(self, cache: SqliteCache) -> bool:
        """Applies deltas until nothing is missing. False when only a snapshot helps."""
        for _ in range(_MAX_ROUNDS):
            state = cache.state
            if state is None:
                return False  # wiped meanwhile, by a command
            query: dict[str, str | int] = {"epoch": state.mark.epoch, "after": state.mark.seq}
            try:
                answer = self._centre.get(FEED_PATH, query, limit=MAX_SEALED_BYTES)
            except CentreRefused as error:
                if error.status == _GONE:
                    return False
                raise
            delta = self._unseal(answer.body)
            if delta is None:
                raise CentreUnreachable("the centre's answer is no feed of this site")
            if self._apply(cache, delta) in (Applied.GAP, Applied.OTHER_EPOCH):
                return False
            if delta.through <= state.mark.seq:
                return True
        return True

    def _fetch_snapshot(self) -> None:
        path = self._cache.new_file()
        part = path.with_name(path.name + ".part")
        try:
            answer = self._centre.download(SNAPSHOT_PATH, part, limit=_MAX_SNAPSHOT_BYTES)
            mark = self._verified(answer)
            self._on_acts(acts_of_snapshot(part), None, CacheMark(epoch=mark.epoch, seq=mark.seq))
            part.rename(path)
            self._install(path, mark)
        finally:
            part.unlink(missing_ok=True)

    def _install(self, path: Path, mark: SnapshotMark) -> None:
        known_seq = self._known.seq_of(mark.epoch)
        if mark.seq >= known_seq:
            self._cache.install(path, mark)
        else:
            self._bring_up(path, mark, known_seq)
        self._known.entered(mark.epoch, mark.seq)
        self._hear_snapshot(mark)
        _log.info("cache_installed", epoch=mark.epoch, seq=mark.seq)
        self._fill(self._cache)

    def _bring_up(self, path: Path, mark: SnapshotMark, known_seq: int) -> None:
        """Applies deltas to a snapshot that is older than what this door knew, before it is used."""
        folder = path.parent / "catching-up"
        folder.mkdir(exist_ok=True)
        staged = folder / path.name
        path.rename(staged)
        aside = SqliteCache(folder, organization=self._identity.organization, site=self._identity.site)
        try:
            aside.install(staged, mark)
            is_filled = self._fill(aside)
            state = aside.state
            if not is_filled or state is None or state.mark.seq < known_seq:
                path.unlink(missing_ok=True)
                raise CacheFault(f"the centre's snapshot is older than what this door knew ({mark.seq} < {known_seq})")
            aside.settle()
            staged.rename(path)
            self._cache.install(path, mark.model_copy(update={"seq": state.mark.seq}))
        finally:
            aside.close()
            for left in folder.iterdir():
                left.unlink(missing_ok=True)

    def _hear_snapshot(self, mark: SnapshotMark) -> None:
        if abs((self._clock.read().now - mark.made_at).total_seconds()) < FRESH_S:
            self._heard_at = time.monotonic()
        self._clock.hear(mark.made_at)

    def _verified(self, answer: Answer) -> SnapshotMark:
        """The snapshot's sealed mark, if it is of this site and of exactly these bytes."""
        sealed = answer.headers.get(SNAPSHOT_HEADER.lower(), "")
        try:
            mark = self._key.unseal(sealed, SnapshotMark)
        except WireError as error:
            raise CacheFault(f"the snapshot is not signed by the centre: {error}") from error
        if (mark.organization, mark.site) != (self._identity.organization, self._identity.site):
            raise CacheFault("the snapshot is of another site")
        if (mark.sha256, mark.size) != (answer.sha256, answer.size):
            raise CacheFault("the snapshot is not what was signed")
        if self._known.is_retired(mark.epoch):
            raise CacheFault("the snapshot is of an epoch that was left")
        return mark

    def _check_damage(self) -> None:
        if self._cache.is_damaged.is_set():
            self._cache.check()
            if self._cache.state is None:
                self._pull_at = 0.0

    def _fail(self, error: Exception) -> None:
        if isinstance(error, CentreRefused) and error.reason == _REVOKED:
            self._on_revoked(error.proof)
        self._pull_at = time.monotonic() + self._backoff.next_s()
        self._is_behind = True
        name = f"{type(error).__name__} {error}"
        if name != self._trouble:
            self._trouble = name
            self._is_trouble_ours = not isinstance(error, (CentreUnreachable, CentreRefused))
            if not self._is_trouble_ours:
                _log.warning("centre_not_reached", error=type(error).__name__, reason=str(error))
            else:
                # Our own file, or a snapshot that is none: no word of the centre's is kept until that is put right.
                _log.error("feed_not_kept", alarm=True, error=type(error).__name__, reason=str(error))
