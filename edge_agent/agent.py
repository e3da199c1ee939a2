"""The agent: puts the parts of a door together, runs them until asked to stop, and takes them down in order."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Any

import structlog

from access.domain.office_acts import OfficeAct
from access.wire.asking import AccountState
from access.wire.commands import CommandKind, CommandOutcome
from access.wire.events import CacheMark
from access.wire.state import Connection, DeviceState
from access.wire.topics import Channel, DeviceTopic, feed_topic, site_events, site_states
from edge_agent.asking import Asker, PeopleDesk
from edge_agent.auto_exit import AutoExit
from edge_agent.cache import SqliteCache
from edge_agent.centre import CentreClient
from edge_agent.choosing import Offers
from edge_agent.clock import DoorClock, SystemTime
from edge_agent.command_poll import CommandPoll
from edge_agent.commands import RESTART_STATUS, CommandDesk, CommandLog
from edge_agent.desk_parts import DeskParts, DeskSurroundings
from edge_agent.devices import BoundBarrier, load_barriers, load_readers, load_relays
from edge_agent.door import Door, Scan
from edge_agent.door_thread import DoorThread
from edge_agent.enrolment import LEDGER_NAME, identity_in, software_version
from edge_agent.errors import EdgeError, LedgerFault
from edge_agent.faults import ScanFaults
from edge_agent.feed import FeedFollower
from edge_agent.gather import FactsReader
from edge_agent.heard import HeardEvents
from edge_agent.help import CentreHelp, LeaseDesk
from edge_agent.kiosk_hub import KioskHub
from edge_agent.known_states import KnownStates
from edge_agent.leases import LeaseBook
from edge_agent.ledger import SqliteLedger
from edge_agent.link import MqttLink
from edge_agent.logs import configure_logs
from edge_agent.neighbours import Neighbours
from edge_agent.notify import notify
from edge_agent.office_acts import OfficeActs
from edge_agent.only_agent import only_agent
from edge_agent.outbox import SqliteOutbox
from edge_agent.passages import Passages
from edge_agent.pictures import PictureFetcher, PictureStore
from edge_agent.relays import RelayBank
from edge_agent.reporter import StateReporter, last_will
from edge_agent.settings import AgentSettings
from edge_agent.showing import Showing
from edge_agent.status import PointStatus
from edge_agent.upkeep import CENTRE_MARK, OWN_MARK, Upkeep
from edge_agent.uplink import Uplink
from edge_agent.web import WebServer, WebSource, build_app
from edge_agent.wiping import Wiper
from hardware.api import Passage, ReaderState
from hardware.supervisor import ReaderSupervisor

__all__ = ["Agent", "run_agent"]

_log = structlog.get_logger(__name__)

_HANG_S = 10.0
_SWITCH_S = 0.001


class Agent:
    """One door machine with all its access points. `start`, `stop`; every part in between runs in its own thread."""

    def __init__(
        self,
        settings: AgentSettings,
        *,
        random: Callable[[int], bytes] = os.urandom,
        restart: Callable[[], None] = lambda: None,
    ) -> None:
        """Opens ledger and cache, loads the drivers; `restart` asks for an end and a new start. Raises `EdgeError`."""
        self._random = random
        self._restart = restart
        self._data_dir = settings.data_dir
        self._readers = load_readers(settings)
        self._relays = RelayBank(load_relays(settings))
        self._barriers = load_barriers(settings)
        self.ledger = SqliteLedger(settings.data_dir / LEDGER_NAME)
        self.identity = identity_in(self.ledger)
        self.clock = _clock(self.ledger)
        self._started_at = self.clock.read().now
        self.cache = SqliteCache(settings.data_dir, organization=self.identity.organization, site=self.identity.site)
        self.cache.open()
        self._centre = CentreClient.for_device(settings.centre_url, self.identity)
        self.hub = KioskHub()
        self._states: dict[str, ReaderState] = {each.reader.name: ReaderState.STARTING for each in self._readers}
        self._lost_since: dict[str, datetime] = {}
        self._barrier_states = {each.barrier.name: ReaderState.STARTING for each in self._barriers}
        self._last_scan_at: datetime | None = None
        self._connect(settings)
        self._compose(settings)
        desk = self.desk.routes(self.door)
        self.web = WebServer(build_app(self._web_source(), desk), host=settings.http_host, port=settings.http_port)

    def _connect(self, settings: AgentSettings) -> None:
        """The parts that talk with the centre."""
        identity = self.identity
        outbox = SqliteOutbox(self.ledger)
        topics = {
            channel: str(DeviceTopic(identity.organization, identity.site, identity.device, channel))
            for channel in Channel
        }
        known = KnownStates(self.ledger)
        if self.cache.state is not None:
            known.reached(self.cache.state.mark.epoch, self.cache.state.mark.seq)
        self.link: MqttLink | None = None
        self.office_acts = OfficeActs(self.ledger, now=lambda: self.clock.read().now)
        self.feed = FeedFollower(
            identity,
            self.cache,
            known,
            self.clock,
            self._centre,
            is_mqtt_up=self._is_mqtt_up,
            on_applied=lambda delta: self.fetcher.feed_applied(delta),
            on_acts=self._take_office_acts,
            has_acts=lambda told: self.wiper.is_revoked or self.office_acts.has_all(told),
            on_revoked=self._revoked,
            on_renewed=lambda: self.commands.ended(CommandKind.REFRESH, CommandOutcome.DONE),
        )
        self.uplink = Uplink(
            identity,
            outbox,
            publish=lambda payload: self._publish(topics[Channel.EVENTS], payload),
            centre=self._centre,
            is_http_only=settings.uplink == "http",
            http_fallback_after_s=settings.http_fallback_after_s,
        )
        self.reporter = StateReporter(
            self.device_state,
            publish=lambda payload: self._publish(topics[Channel.STATE], payload, retain=True),
            is_up=self._is_mqtt_up,
        )
        self.command_log = CommandLog(self.ledger)
        self.commands = self._command_desk()
        self.command_poll = CommandPoll(
            self._centre,
            self.device_state,
            is_mqtt_up=self._is_mqtt_up,
            is_revoked=lambda: self.wiper.is_revoked,
            take=self.commands.take,
        )
        self.asker = Asker(budget_s=settings.ask_budget_s, is_connected=lambda: self.feed.is_connected)
        self.leases = LeaseBook(self.ledger)
        self._help = CentreHelp(
            self.asker,
            PeopleDesk(identity, self._centre, self.asker),
            LeaseDesk(identity, self._centre, self.leases),
            heard=self._heard,
        )
        self.neighbours = Neighbours(
            identity,
            HeardEvents(self.ledger),
            FactsReader(self.cache, self.ledger),
            self.clock,
            on_told=lambda: self.desk.told_by_neighbours(),
            on_joined=self.reporter.report,
        )
        if settings.uplink == "mqtt":
            self.link = MqttLink(
                settings.mqtt_url or identity.mqtt_url,
                client_id=identity.device,
                secret=identity.secret,
                state_topic=topics[Channel.STATE],
                will=last_will(identity.device),
                topics={
                    topics[Channel.RECEIPTS]: self.uplink.take,
                    topics[Channel.COMMANDS]: self.commands.take,
                    feed_topic(identity.organization, identity.site): self.feed.take,
                },
                filters={
                    each(identity.organization, identity.site): self.neighbours.hear
                    for each in (site_events, site_states)
                },
                on_up=self._mqtt_up,
                on_down=self._mqtt_down,
            )

    def _compose(self, settings: AgentSettings) -> None:
        """The parts of the door itself."""
        self.pictures = PictureStore(settings.data_dir / "pictures", max_bytes=settings.picture_store_mb * 1_000_000)
        self.wiper = Wiper(self.identity, self.ledger, self.cache, self.pictures, self.hub)
        self.faults = ScanFaults(self.clock.monotonic)
        self.fetcher = PictureFetcher(
            self.pictures, self._centre, self.cache, is_connected=lambda: self.feed.is_connected
        )
        self._places = {each.reader.name: each.place for each in self._readers}
        self.points = frozenset(place.access_point for place in self._places.values())
        self.facts = FactsReader(self.cache, self.ledger)
        self.showing = Showing(self.hub, technologies=self._technologies(), now=lambda: self.clock.read().now)
        door = self._door = Door(
            self.identity,
            ledger=self.ledger,
            facts=self.facts,
            clock=self.clock,
            places=self._places,
            is_connected=lambda: self.feed.is_connected,
            release=self._relays.release,
            answer=self._answer,
            failed=self._scan_failed,
            random=self._random,
            offers=Offers(show=self.showing.offer, hide=self.showing.withdraw),
            help=self._help,
        )
        self.passages = Passages(
            self._barriers,
            undo=lambda event: self.desk.desk.undo_unused(event),
            call=lambda act: self.door.call(act),
            monotonic=self.clock.monotonic,
        )
        self.desk = DeskParts(self._desk_surroundings())
        exits = AutoExit(self.desk.desk, self.facts, self.ledger, self.clock, self.points)
        self.upkeep = Upkeep(
            self.ledger,
            self.clock,
            self._relays,
            self.facts,
            self.showing,
            retention_days=settings.retention_days,
            check_out_overdue=exits.run,
        )
        self.door = DoorThread(self.ledger, handle=door.handle, tick=self._tick, on_storage_lost=self.pictures.clear)
        self._supervisors: list[ReaderSupervisor[Any]] = [
            ReaderSupervisor(each.reader, on_read=self.door.submit, on_state=self._reader_state)
            for each in self._readers
        ]
        self._supervisors += [self._supervised(each) for each in self._barriers]

    def start(self) -> None:
        """Starts everything, the door before its connections."""
        self._relays.open()
        self.upkeep.restore(self.points)
        self.door.start()
        for supervisor in self._supervisors:
            supervisor.start()
        self.web.start()
        self.uplink.start()
        self.feed.start()
        self.neighbours.start()
        self.asker.start()
        self.fetcher.start()
        self.reporter.start()
        self.commands.start()
        self.command_poll.start()
        if self.link is not None:
            self.link.start()
        _log.info(
            "agent_started",
            device=self.identity.device,
            web=f"http://{self.web.host}:{self.web.port}",
            access_points=sorted(self.points),
            last_seq=self.ledger.last_seq,
            has_cache=self.cache.state is not None,
        )

    def stop(self) -> None:
        """Stops everything, the readers first; what is not sent stays in the ledger."""
        with ExitStack() as stack:
            stack.callback(self.ledger.close)
            stack.callback(self.upkeep.keep_clock_marks)
            stack.callback(self._door.close)
            stack.callback(self.facts.close)
            stack.callback(self.desk.close)
            stack.callback(self.feed.stop)
            stack.callback(self.neighbours.stop)
            stack.callback(self.asker.stop)
            stack.callback(self.uplink.stop)
            if self.link is not None:
                stack.callback(self.link.stop, last_will(self.identity.device))
            stack.callback(self.fetcher.stop)
            stack.callback(self.reporter.stop)
            stack.callback(self.command_poll.stop)
            stack.callback(self.commands.stop)
            stack.callback(self.web.stop)
            stack.callback(self._relays.close)
            stack.callback(self.door.stop)
            for supervisor in self._supervisors:
                stack.callback(supervisor.stop)
        _log.info("agent_stopped", device=self.identity.device)

    @property
    def is_alive(self) -> bool:
        """Whether the door's thread has shown itself lately: what the watchdog looks at."""
        return time.monotonic() - self.door.beat_at < _HANG_S

    def status(self, access_point: str) -> PointStatus:
        """What the access point says of itself."""
        states = [self._states[name] for name, place in self._places.items() if place.access_point == access_point]
        state = self.cache.state
        return PointStatus.of(
            is_ledger_usable=self.ledger.is_usable,
            is_known=state is not None and self.showing.knows(access_point),
            are_readers_lost=bool(states) and all(each is ReaderState.LOST for each in states),
            is_connected=self.feed.is_connected,
            data_as_of=state.data_as_of if state else None,
            is_revoked=self.wiper.is_revoked,
            is_failing=self.faults.is_failing(access_point),
        )

    def health(self) -> dict[str, Any]:
        """For `/health`: no personal data."""
        state = self.cache.state
        try:
            waiting: int | None = self.ledger.waiting()
        except LedgerFault:
            waiting = None
        points = {point: self.status(point).to_json() for point in sorted(self.points)}
        return {
            "ready": self.is_alive and all(each["connection"] != "out_of_service" for each in points.values()),
            "device": self.identity.device,
            "version": software_version(),
            "access_points": points,
            "seq": self.ledger.last_seq,
            "outbox": waiting,
            "cache": state.mark.document() if state else None,
            "data_as_of": state.data_as_of.isoformat() if state else None,
            "readers": {name: str(each) for name, each in self._states.items()},
            "relays_lost": self._relays.lost(),
            "barriers": {name: str(each) for name, each in self._barrier_states.items()},
            "mqtt": self._is_mqtt_up(),
            "clock": self.clock.read().trust.value,
        }

    def device_state(self) -> DeviceState:
        """For the centre."""
        moment, state = self.clock.read(), self.cache.state
        # The word on the leases first, the newest event's number afterwards: what is spent later is not of those.
        floor = self.leases.end_through(moment.now, moment.trust)
        return DeviceState(
            device=self.identity.device,
            connection=Connection.ONLINE,
            at=moment.now,
            version=software_version(),
            started_at=self._started_at,
            cache=state.mark if state else None,
            data_as_of=state.data_as_of if state else None,
            last_seq=self.ledger.last_seq,
            waiting=self.ledger.waiting(),
            clock=moment.trust,
            readers={name: str(each) for name, each in self._states.items()},
            lost_since=dict(self._lost_since) or None,
            last_scan_at=self._last_scan_at,
            lease_floor=floor,
            relays=self._relays.states(),
            free_mb=shutil.disk_usage(self._data_dir).free // 1_000_000,
            web=f"http://{self.web.host}:{self.web.port}",
            commands=self.command_log.answers() or None,
            is_revoked=self.wiper.is_revoked or None,
        )

    def _answer(self, scan: Scan) -> None:
        self.showing.answer(scan)
        self.faults.clear(scan.event.access_point)
        self.desk.answer(scan)
        self.passages.opened(scan.event)
        self._last_scan_at = scan.event.occurred_at
        self.uplink.wake()

    def _scan_failed(self, access_point: str) -> None:
        """Said at once, whatever the page shows."""
        self.faults.fail(access_point)
        self.hub.push(access_point, self.status(access_point).to_json())

    def _take_office_acts(self, acts: list[OfficeAct], since: CacheMark | None, through: CacheMark | None) -> None:
        if self.wiper.is_revoked:
            return  # what was wiped stays wiped, whatever still waits to be read
        self.office_acts.take(acts, since, through)
        self.desk.told_by_neighbours()

    def _revoked(self, proof: str) -> None:
        self.wiper.refused(proof)
        self._tell()

    def _command_desk(self) -> CommandDesk:
        """What the centre may ask of this door, and how it is done. Nothing here lets anybody in."""
        acts: dict[CommandKind, Callable[[], CommandOutcome | None]] = {
            CommandKind.REFRESH: self._refresh,
            CommandKind.RESTART: self._end_to_restart,
            CommandKind.WIPE: self._wipe,
            CommandKind.REVOKE: self._end_for_good,
        }
        return CommandDesk(
            self.identity,
            self.command_log,
            self.clock,
            acts=acts,
            centre_at=lambda: self.clock.marks()[1] if self.feed.is_connected else None,
            on_change=self._tell,
        )

    def _tell(self) -> None:
        self.reporter.report()
        self.command_poll.report()

    def _refresh(self) -> None:
        self.feed.renew()

    def _end_to_restart(self) -> None:
        self._restart()

    def _wipe(self) -> CommandOutcome:
        self.wiper.wipe()
        self.feed.catch_up()
        return CommandOutcome.DONE if self.ledger.is_usable else CommandOutcome.FAILED

    def _end_for_good(self) -> CommandOutcome:
        self.wiper.revoke()
        return CommandOutcome.DONE if self.ledger.is_usable else CommandOutcome.FAILED

    def _heard(self, answer: AccountState) -> None:
        state = self.cache.state
        if state is not None and answer.seq > state.mark.seq:
            self.feed.catch_up()

    def _choose(self, access_point: str, offer: str, choice: str) -> None:
        self.door.call(lambda: self._door.choose(access_point, offer, choice))

    def _tick(self) -> None:
        self._door.settle()
        self.passages.tick()
        self.upkeep.tick()

    def _supervised(self, bound: BoundBarrier) -> ReaderSupervisor[Passage]:
        name = bound.barrier.name
        return ReaderSupervisor(
            bound.barrier,
            on_read=lambda passage: self.passages.report(name, passage),
            on_state=self._barrier_state,
            kind="barrier",
        )

    def _barrier_state(self, name: str, state: ReaderState) -> None:
        self.passages.state(name, state)
        self._barrier_states[name] = state

    def _reader_state(self, name: str, state: ReaderState) -> None:
        self._states[name] = state
        if state is ReaderState.LOST:
            self._lost_since = {name: self.clock.read().now, **self._lost_since}
        else:
            self._lost_since = {other: at for other, at in self._lost_since.items() if other != name}
        self.reporter.report()

    def _mqtt_up(self) -> None:
        self.uplink.connected()
        self.feed.catch_up()
        self.reporter.report()

    def _mqtt_down(self) -> None:
        self.uplink.disconnected()
        self.neighbours.disconnected()

    def _is_mqtt_up(self) -> bool:
        return self.link is not None and self.link.is_up

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> bool:
        return self.link is not None and self.link.publish(topic, payload, retain=retain)

    def _technologies(self) -> Mapping[str, list[str]]:
        kinds: dict[str, list[str]] = {}
        for each in self._readers:
            kinds.setdefault(each.place.access_point, []).append(str(each.reader.technology))
        return kinds

    def _desk_surroundings(self) -> DeskSurroundings:
        return DeskSurroundings(
            identity=self.identity,
            ledger=self.ledger,
            cache=self.cache,
            clock=self.clock,
            facts=self.facts,
            points=self.points,
            is_connected=lambda: self.feed.is_connected,
            is_told=self.neighbours.are_heard,
            release=self._relays.release,
            show=self.showing.answer,
            recorded=self.uplink.wake,
            entered=self.passages.opened,
            hello=self.showing.hello,
            status=self.status,
        )

    def _web_source(self) -> WebSource:
        return WebSource(
            hub=self.hub,
            points=self.points,
            hello=self.showing.hello,
            status=self.status,
            health=self.health,
            now=lambda: self.clock.read().now,
            picture=self.fetcher.fetch_now,
            choose=self._choose,
        )


def run_agent(settings: AgentSettings) -> int:
    """Runs the door until SIGTERM or SIGINT (exit status 0), or until the centre has it restart (`RESTART_STATUS`).
    Returns 2 when it could not start (logged)."""
    configure_logs()
    # A scan waits at most this long for a thread that is busy with something else (Python's default is 5 ms).
    sys.setswitchinterval(_SWITCH_S)
    ended, is_restart = threading.Event(), threading.Event()

    def restart() -> None:
        is_restart.set()
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        with only_agent(settings.data_dir):
            agent = Agent(settings, restart=restart)
            agent.start()
            notify("READY=1")
            ended.wait()
            notify("STOPPING=1")
            agent.stop()
    except EdgeError as error:
        _log.error("agent_not_started", error=type(error).__name__, reason=str(error))
        return 2
    return RESTART_STATUS if is_restart.is_set() else 0


def _clock(ledger: SqliteLedger) -> DoorClock:
    """The system clock with the floor that the ledger remembers."""
    marks = {
        name: datetime.fromisoformat(value) for name, value in ledger.marks().items() if name in (OWN_MARK, CENTRE_MARK)
    }
    newest = ledger.newest_occurred_at()
    own = max((each for each in (marks.get(OWN_MARK), newest) if each is not None), default=None)
    return DoorClock(SystemTime(), own_mark=own, centre_mark=marks.get(CENTRE_MARK))
