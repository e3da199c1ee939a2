"""`gatehouse explain`: why a door answered as it did, and what a draft of its rules would have answered."""

from __future__ import annotations

import json
import tomllib
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from access.domain.changes import Change
from access.domain.explanation import Explanation, Line
from access.domain.explanation import explain as explained
from access.domain.facts import Decision
from access.domain.instants import Hours
from access.domain.people import Language, Text
from access.domain.policy import AccessPoint as Policy
from access.vector_checks import RowError
from access.vectors import VectorFileError, row_scans
from gatehouse.commands.failing import fail
from gatehouse.commands.server import server_settings
from server.admin.explaining import Telling
from server.admin.say import Say
from server.db import Database
from server.errors import NotFound
from server.explain.errors import NothingDecided
from server.explain.replay import WhatIf, what_if
from server.explain.service import Explained, why
from server.models import AccessPoint, Event, Organization, utc_now

__all__ = ["explain"]

_TONES = {"granted": "green", "review": "yellow", "denied": "red", "quiet": "dim"}


def explain(
    event: Annotated[str, typer.Argument(help="The id of an event, as Account activity exports it.")] = "",
    row: Annotated[str, typer.Option(help="Instead: a decision row, as FILE.toml or FILE.toml:NAME.")] = "",
    what_if_at: Annotated[str, typer.Option("--what-if", help="Instead: the id of an access point.")] = "",
    draft: Annotated[Path | None, typer.Option(help="Its draft: a TOML file of the settings that change.")] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="How many days of real scans to replay.")] = 7,
    config: Annotated[Path | None, typer.Option(help="The centre's settings (TOML).")] = None,
    language: Annotated[Language, typer.Option(help="The language of the words.")] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Explain a recorded event (or a decision row) rule by rule, or replay real scans through a draft of the rules.

    Nothing is written. Exit status: 0, or 2 when there is no such thing.
    """
    if sum(map(bool, (event, row, what_if_at))) != 1:
        fail("Say one thing to explain.", hint="An event's id, --row FILE.toml[:NAME], or --what-if ACCESS_POINT.")
    if row:
        _explain_row(row, language, as_json)
        return
    database = Database(server_settings(config).effective_database_url)
    try:
        if event:
            _explain_event(database, event, language, as_json)
        else:
            _replay(database, what_if_at, draft, days, language, as_json)
    finally:
        database.close()


# -- one event, or one row


def _explain_event(database: Database, event_id: str, language: Language, as_json: bool) -> None:
    with database.read() as session:
        found = session.get(Event, event_id)
        if found is None:
            fail(f"There is no event {event_id!r}.", hint="Account activity's CSV export has the ids.")
        try:
            result = why(session, found.organization_id, event_id)
        except (NotFound, NothingDecided) as error:
            fail(f"{event_id}: {error}.")
    telling = Telling(Say(language, result.zone, utc_now()))
    if as_json:
        print(json.dumps(_event_document(result), ensure_ascii=False))
        return
    console, scan = _console(), result.scan
    console.print(f"[bold]{escape(telling.say.t('why.decided'))}[/] {telling.say.when(scan.occurred_at)}")
    console.print(f"{_outcome(telling, scan.outcome)} {escape(telling.say.kind(scan.kind))}")
    if result.differences:
        again = _outcome(telling, result.explanation.decision.outcome)
        console.print(f"[yellow]{escape(telling.say.t('why.differs'))}.[/] {telling.say.t('why.again')} {again}")
    for doubt in result.doubts:
        console.print(f"[dim]{escape(telling.doubt(doubt))}[/]")
    _show(console, telling, result.explanation)


def _explain_row(place: str, language: Language, as_json: bool) -> None:
    file, _, name = place.partition(".toml:")
    path = Path(f"{file}.toml" if name else place)
    if not path.is_file():
        fail(
            f"There is no file {path}.",
            hint="Write it as FILE.toml or FILE.toml:NAME; docs/vectors.md says what is in it.",
        )
    try:
        rows = [(said, scan) for said, scan in row_scans(path) if name in ("", said)]
    except (VectorFileError, RowError, ValueError) as error:
        fail(str(error))
    if not rows:
        fail(f"{path} has no decision row {name!r}.")
    found, scan = rows[0]
    explanation = explained(scan.request, scan.facts, scan.policy, now=scan.now, zone=scan.zone)
    if as_json:
        print(json.dumps({"row": found, **_document(explanation)}, ensure_ascii=False))
        return
    console, telling = _console(), Telling(Say(language, scan.zone, scan.now))
    console.print(f"[bold]{escape(found)}[/]\n{_outcome(telling, explanation.decision.outcome)}")
    _show(console, telling, explanation)


def _show(console: Console, telling: Telling, explanation: Explanation) -> None:
    t = telling.say.t
    table = Table(t("why.rule"), t("why.facts"), t("why.result"), title_justify="left", title=t("why.rules"))
    for line in explanation.checks:
        told = telling.line(line)
        rule = escape(told.rule) + (f"\n[bold]{escape(told.name)}[/]" if told.name else "")
        result = f"[{_TONES[told.tone]}]{escape(told.result)}[/]" + (f"\n{escape(told.remark)}" if told.remark else "")
        table.add_row(rule, escape(" · ".join(told.facts)), result)
    console.print(table)
    if explanation.nearest:
        console.print(f"[bold]{escape(t('why.nearest'))}[/]")
    for number, way in enumerate(explanation.nearest, 1):
        console.print(f"  {number}. {escape(telling.way(way))}")


# -- what if


def _replay(
    database: Database, point_id: str, draft: Path | None, days: int, language: Language, as_json: bool
) -> None:
    if draft is None:
        fail("A what-if needs --draft.", hint="A TOML file of settings, such as: missing_picture = 'review'")
    with database.read() as session:
        point = session.get(AccessPoint, point_id)
        if point is None:
            fail(f"There is no access point {point_id!r}.")
        policy, until = _drafted(point, draft), utc_now()
        zone = ZoneInfo(session.get_one(Organization, point.organization_id).time_zone)
        result = what_if(session, point.organization_id, point.id, policy, until - timedelta(days=days), until)
    if as_json:
        print(json.dumps(_replay_document(result), ensure_ascii=False))
    else:
        _show_replay(_console(), Telling(Say(language, zone, until)), result)


def _drafted(point: AccessPoint, draft: Path) -> Policy:
    """The settings in force with those of the file in their place."""
    try:
        given = tomllib.loads(draft.read_text(encoding="utf-8-sig"))
        made = AccessPoint(id=point.id, name_en=point.name_en, name_fr=point.name_fr, site_id=point.site_id)
        made.settings = {**(point.settings or {}), **given}
        return made.policy()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        _bad_draft(draft, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        _bad_draft(draft, str(error))


def _bad_draft(draft: Path, problem: str) -> NoReturn:
    fail(f"{draft}: {problem}", hint="The settings are those of `policy` in docs/vectors.md.")


def _show_replay(console: Console, telling: Telling, result: WhatIf) -> None:
    t = telling.say.t
    turned = t.count("what_if.turned", result.turned_count) if result.turned_count else t("what_if.nothing")
    console.print(f"{escape(t.count('what_if.replayed', result.replayed))}. [bold]{escape(turned)}[/]")
    for key, number in (("lost", result.people_lost), ("won", result.people_won)):
        if number:
            console.print(escape(t.count(f"what_if.{key}", number)))
    table = Table(t("what_if.now"), t("what_if.draft"), t("what_if.scans"))
    for (before, after), count in result.counts.most_common():
        table.add_row(_outcome(telling, before), _outcome(telling, after), str(count))
    console.print(table)
    if result.turned:
        console.print(_turned(telling, result))
    for doubt, count in result.doubts.most_common():
        console.print(f"[dim]{escape(t.count('what_if.doubtful', count, why=telling.doubt(doubt)))}[/]")
    if result.unlike_recorded:
        console.print(f"[dim]{escape(t.count('what_if.unlike', result.unlike_recorded))}[/]")
    console.print(f"[dim]{escape(t('what_if.apart'))}[/]")


def _turned(telling: Telling, result: WhatIf) -> Table:
    t = telling.say.t
    table = Table(t("activity.time"), t("activity.column_event"), t("what_if.now"), t("what_if.draft"))
    for each in result.turned:
        sides = (_decision(telling, each.before), _decision(telling, each.after))
        table.add_row(telling.say.when(each.occurred_at), each.event_id, *sides)
    return table


def _decision(telling: Telling, decision: Decision) -> str:
    reasons = [escape(telling.reason(finding)) for finding in decision.findings]
    return "\n".join([_outcome(telling, decision.outcome), *reasons])


# -- as JSON


def _event_document(result: Explained) -> dict[str, Any]:
    scan = result.scan
    recorded = {"outcome": scan.outcome, "reasons": scan.reasons, "entitlement": scan.pass_id}
    about = {"event": result.event.id, "scan": scan.id, "recorded": recorded}
    doubts = {"differences": list(result.differences), "doubts": list(result.doubts)}
    return {**about, **_document(result.explanation), **doubts}


def _document(explanation: Explanation) -> dict[str, Any]:
    decision = explanation.decision
    return {
        "outcome": decision.outcome,
        "reasons": list(decision.reasons),
        "entitlement": decision.entitlement.id if decision.entitlement else None,
        "checks": [_line_document(line) for line in explanation.checks],
        "nearest": [
            {"size": way.size, "changes": [_change_document(each) for each in way.changes]}
            for way in explanation.nearest
        ],
    }


def _line_document(line: Line) -> dict[str, Any]:
    check = line.check
    found = {"reason": check.finding.reason, "outcome": check.finding.outcome} if check.finding else {}
    facts = {name: _plain(value) for name, value in line.facts}
    return {"rule": check.rule, "standing": check.standing, **found, "facts": facts}


def _change_document(change: Change) -> dict[str, Any]:
    values = {"id": change.id, "name": change.name, "at": change.at, "on": change.on, "amount": change.amount}
    return {"kind": change.kind, **{name: _plain(value) for name, value in values.items() if value}}


def _replay_document(result: WhatIf) -> dict[str, Any]:
    return {
        "scans": result.scans,
        "replayed": result.replayed,
        "counts": [{"from": before, "to": after, "scans": n} for (before, after), n in result.counts.most_common()],
        "turned": [
            {"event": each.event_id, "person": each.person_id, "from": each.before.outcome, "to": each.after.outcome}
            for each in result.turned
        ],
        "people_lost": result.people_lost,
        "people_won": result.people_won,
        "doubts": dict(result.doubts),
        "unlike_recorded": result.unlike_recorded,
    }


def _plain(value: object) -> Any:
    if isinstance(value, Text):
        return {"en": value.en, "fr": value.fr}
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Hours):
        return {"days": list(value.days), "opens": value.opens.isoformat(), "closes": value.closes.isoformat()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _outcome(telling: Telling, outcome: str) -> str:
    return f"[{_TONES.get(str(outcome), 'dim')}]{escape(telling.say.words.outcome(outcome))}[/]"


def _console() -> Console:
    return Console(highlight=False)
