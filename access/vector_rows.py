"""From the table of a vector row to the values of the law: its shorthands, its times, and what is wrong with it.

What a row may not say is in `access.vector_checks`. The format is documented in docs/vectors.md and stays stable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import TypeAdapter

from access.domain.facts import AccessRequest, Facts
from access.domain.policy import AccessPoint, Direction
from access.vector_checks import RowError, Table, as_table, said, tables, validated

__all__ = ["facts_of", "policy_of", "request_of", "time_of"]

_NAMED = ("memberships", "multipasses", "activities")
_LISTS = (*_NAMED, "uses", "registrations")
_FACTS, _POLICY, _REQUEST = TypeAdapter(Facts), TypeAdapter(AccessPoint), TypeAdapter(AccessRequest)
_SOME_PICTURE = "0" * 64


def time_of(row: Table) -> tuple[datetime, ZoneInfo]:
    """The row's instant in UTC and its time zone."""
    name = row.get("time_zone", "America/Toronto")
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise RowError(f"time_zone: {name!r} is no time zone; write one such as 'America/Toronto'") from None
    if "now" not in row:
        raise RowError("a row needs `now`, such as 2026-03-10T10:00:00 (local) or 2026-03-10T10:00:00-04:00")
    return _instant(row["now"], zone, "now"), zone


def request_of(row: Table) -> AccessRequest:
    """What is presented."""
    request = validated(_REQUEST, as_table(row.get("request", {}), "request"), "request", AccessRequest)
    if request.direction is Direction.BOTH:
        raise RowError("request.direction: a scan goes 'in' or 'out'; 'both' is for a policy")
    return request


def policy_of(row: Table) -> AccessPoint:
    """The access point; what the row does not say has its default."""
    given = as_table(row.get("policy", {}), "policy")
    return validated(_POLICY, {"id": "door"} | _with_text({"name": "Door"} | given), "policy", AccessPoint)


def facts_of(row: Table, now: datetime, zone: ZoneInfo) -> Facts:
    """Everything known at the moment of the scan."""
    given = {key: row[key] for key in Facts.__dataclass_fields__ if key in row}
    person = _person(given.pop("participant", {}))
    own = {"person_id": person["id"] if person else "p1", "account_id": person["account_id"] if person else "a1"}
    lists = {key: tables(given.get(key, []), key) for key in _LISTS}
    _refuse_twins(lists)
    facts: Table = given | ({"participant": person} if person else {})
    facts["data_as_of"] = _data_as_of(row, now, zone)
    if "account" in given:
        facts["account"] = {"id": own["account_id"]} | as_table(given["account"], "account")
    facts["memberships"] = [_membership(each, own) for each in lists["memberships"]]
    uses = [{"id": f"u{n}", "person_id": own["person_id"]} | use for n, use in enumerate(lists["uses"], 1)]
    passes = [(f"multipasses.{number}", each) for number, each in enumerate(lists["multipasses"], 1)]
    facts["uses"] = uses + [use for where, each in passes for use in _shorthand_uses(each, own, now, zone, where)]
    facts["multipasses"] = [_multipass(each, own, where) for where, each in passes]
    facts["activities"] = [_activity(each) for each in lists["activities"]]
    facts["registrations"] = [own | {"id": f"r{n}"} | each for n, each in enumerate(lists["registrations"], 1)]
    for key in _NAMED:
        facts[key] = [_with_text(each) for each in facts[key]]
    return validated(_FACTS, _timed(facts, zone, ""), "", Facts)


def _refuse_twins(lists: Mapping[str, list[Table]]) -> None:
    """Two things of one id are a slip of the pen; the same use told twice is not."""
    for key in ("memberships", "multipasses", "activities", "registrations"):
        ids = [each["id"] for each in lists[key] if "id" in each]
        if twins := [id_ for id_ in ids if ids.count(id_) > 1]:
            raise RowError(f"{key}: two of them have the id {twins[0]!r}")
    for number, each in enumerate(lists["multipasses"], 1):
        if isinstance(total := each.get("total"), bool | str):
            raise RowError(
                f"multipasses.{number}.total: {said(total)} is not a number of uses; leave it out for unlimited"
            )


# -- shorthands


def _person(given: Any) -> Table | None:
    if given is False:
        return None
    own: Table = {"id": "p1", "account_id": "a1", "first_name": "Maya", "picture": _SOME_PICTURE}
    own |= as_table(given, "participant", "or false when nobody is known")
    if own["picture"] is False:
        return own | {"picture": None}
    if isinstance(own["picture"], str) and not re.fullmatch("[0-9A-Fa-f]{64}", own["picture"]):
        raise RowError(
            f"participant.picture: {said(own['picture'])} is not 64 hexadecimal digits; write false for none"
        )
    _refuse_no_day(own.get("birthday"))
    return own


def _refuse_no_day(birthday: Any) -> None:
    """A list of two numbers that is no day of any year."""
    if isinstance(birthday, list) and [type(each) for each in birthday] == [int, int]:
        try:
            date(2000, *birthday)
        except (ValueError, OverflowError):
            raise RowError(f"participant.birthday: no year has the day {birthday}; write [month, day]") from None


def _data_as_of(row: Table, now: datetime, zone: ZoneInfo) -> datetime | None:
    if "data_age_s" in row:
        age_s = row["data_age_s"]
        if "data_as_of" in row:
            raise RowError("write data_age_s or data_as_of, not both")
        if not isinstance(age_s, int) or isinstance(age_s, bool) or abs(age_s) > 10**10:
            raise RowError(f"data_age_s: {age_s!r} is not a whole number of seconds up to 10 thousand million")
        return now - timedelta(seconds=age_s)
    given = row.get("data_as_of", now)
    return None if given == "never" else _instant(given, zone, "data_as_of", "or 'never'")


def _with_text(table: Table) -> Table:
    """A plain text stands for a name in English and French."""
    name = table.get("name", table.get("id", ""))
    return table | {"name": {"en": name} if isinstance(name, str) else name}


def _membership(given: Table, own: Table) -> Table:
    base = {"account_id": own["account_id"], "type_id": given.get("id"), "person_ids": [own["person_id"]]}
    return base | {"starts_on": date(2000, 1, 1)} | given


def _multipass(given: Table, own: Table, where: str) -> Table:
    is_family = given.get("is_family", False)
    if not isinstance(is_family, bool):
        raise RowError(f"{where}.is_family: {said(is_family)} is neither true nor false")
    if is_family and "person_id" in given:
        raise RowError(f"{where}: a family multipass (is_family) has no person_id")
    base = {"account_id": own["account_id"], "type_id": given.get("id"), "purchased_on": date(2000, 1, 1)}
    table = base | ({} if is_family else {"person_id": own["person_id"]}) | given
    return {key: value for key, value in table.items() if key not in ("used", "is_family")}


def _shorthand_uses(given: Table, own: Table, now: datetime, zone: ZoneInfo, where: str) -> Iterator[Table]:
    """`used = 3` stands for one use on each of the three days before now, at the same time of day."""
    used = given.get("used", 0)
    if not isinstance(used, int) or isinstance(used, bool) or not 0 <= used <= 10_000:
        raise RowError(f"{where}.used: {said(used)} is not a number of uses")
    for number in range(1, used + 1):
        use = {"id": f"{given.get('id')}-use-{number}", "multipass_id": given.get("id")}
        at = (now.astimezone(zone) - timedelta(days=number)).astimezone(UTC)
        yield use | {"person_id": own["person_id"], "used_at": at}


def _activity(given: Table) -> Table:
    occurrences = tables(given.get("occurrences", []), "occurrences")
    return given | {"occurrences": [{"id": f"o{n}"} | each for n, each in enumerate(occurrences, 1)]}


# -- days and instants


def _timed(value: Any, zone: ZoneInfo, where: str) -> Any:
    """Instants get the row's time zone; a day where an instant belongs, or the other way round, is an error."""
    if isinstance(value, dict):
        return {key: _timed_field(key, each, zone, f"{where}.{key}" if where else key) for key, each in value.items()}
    if isinstance(value, list):
        return [_timed(each, zone, f"{where}.{number}") for number, each in enumerate(value, 1)]
    return value


def _timed_field(key: str, value: Any, zone: ZoneInfo, where: str) -> Any:
    if value is not None and key.endswith(("_at", "_as_of")):
        return _instant(value, zone, where)
    if value is not None and (key.endswith("_on") or key == "due_since"):
        return _day(value, where)
    return _timed(value, zone, where)


def _instant(value: Any, zone: ZoneInfo, where: str, hint: str = "") -> datetime:
    at = value
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            at = None
    if not isinstance(at, datetime):
        example = "write 2026-03-10T10:00:00 (local) or 2026-03-10T10:00:00-04:00"
        raise RowError(f"{where}: {said(value)} is not an instant; {example} {hint}".rstrip())
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    local = at.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at:
        raise RowError(f"{where}: no clock in {zone.key} shows {at.isoformat()}; it is skipped that day")
    return local.astimezone(UTC)


def _day(value: Any, where: str) -> date:
    day = value
    if isinstance(value, str):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
    if not isinstance(day, date) or isinstance(day, datetime):
        raise RowError(f"{where}: {said(value)} is not a day; write 2026-03-10, without a time")
    return day
