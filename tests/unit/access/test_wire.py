"""The wire: golden bytes, round trips, strictness, receipts, sealing, topics."""

import base64
import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from access.domain.reasons import Outcome
from access.wire.canonical import MAX_MESSAGE_BYTES, MAX_WHOLE_NUMBER, canonical_bytes, digest, parse_object
from access.wire.enrolment import canonical_enrolment_code
from access.wire.errors import BadSignature, MalformedMessage, UnsupportedVersion, WireError
from access.wire.events import MAX_EVENTS_IN_BATCH, Event, EventBatch
from access.wire.feed import BODY_TYPES, Body, EntityKind, FeedDelta, FeedEntry, SnapshotMark, dump_body, load_body
from access.wire.model import Message
from access.wire.receipts import Receipt
from access.wire.sealing import CentreKey, CentrePublicKey
from access.wire.state import DeviceState
from access.wire.topics import ALL_EVENTS, Channel, DeviceTopic, feed_topic, parse_device_topic
from tests.unit.access import facts as some
from tests.unit.access.samples import AT, BODIES, EVENT, GOLDEN, KEY, MESSAGES, wire_bytes

PUBLIC = CentrePublicKey(KEY.public_raw)


# -- golden files


@pytest.mark.parametrize("name", wire_bytes())
def test_the_wire_has_not_changed(name: str) -> None:
    """Byte for byte what doors in the field speak; see tests/unit/access/samples.py."""
    golden = (GOLDEN / f"{name}.json").read_bytes().removesuffix(b"\n")
    assert wire_bytes()[name] == golden, f"the wire changed: {name} no longer has the bytes of golden/{name}.json"


def test_every_golden_file_is_compared() -> None:
    """None is left over, and every kind of message and body has one."""
    assert {file.stem for file in GOLDEN.glob("*.json")} == set(wire_bytes())
    assert {type(message) for message in MESSAGES.values()} == set(Message.__subclasses__())
    assert set(BODIES) == set(EntityKind) == set(BODY_TYPES)


@pytest.mark.parametrize("thing", [*BODIES.values(), *MESSAGES.values()], ids=lambda each: type(each).__name__)
def test_the_golden_files_show_every_field(thing: Any) -> None:
    """A new field needs a value in the samples, or a change of it would pass unseen."""
    if isinstance(thing, Message):
        assert [name for name, value in thing if value is None] == []
    else:
        defaults = {each.name: each.default for each in fields(thing)}
        assert [name for name, value in defaults.items() if getattr(thing, name) == value] == []


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_comes_back_from_its_bytes(name: str) -> None:
    """And has the same bytes again."""
    message = MESSAGES[name]
    again = type(message).from_bytes(message.to_bytes())
    assert again == message
    assert again.to_bytes() == message.to_bytes()


# -- bodies of the feed

bodies = st.one_of(
    some.policies, some.accounts, some.participants, some.memberships, some.multipasses, some.uses, some.activities,
    some.registrations,
)  # fmt: skip


@given(bodies)
@settings(max_examples=250, deadline=None)
def test_any_body_comes_back_from_its_json(body: Body) -> None:
    """Odd days, empty names, other offsets and all."""
    kind = next(kind for kind, type_ in BODY_TYPES.items() if isinstance(body, type_))
    text = dump_body(body)
    again = load_body(kind, text)
    assert dump_body(again) == text
    # In the hour that comes twice, Python calls no two spellings of an instant equal.
    assert again == body or "2026-11-01T0" in text


@pytest.mark.parametrize("kind", EntityKind)
def test_a_body_of_a_newer_centre_is_read_and_a_broken_one_refused(kind: EntityKind) -> None:
    """Unknown fields are passed over; missing ones and wrong types are a MalformedMessage."""
    document = json.loads(dump_body(BODIES[kind]))
    assert load_body(kind, json.dumps(document | {"shoe_size": 42})) == BODIES[kind]
    broken: Any
    for broken in ({}, [], document | {next(iter(document)): {"not": "this"}}):
        with pytest.raises(MalformedMessage):
            load_body(kind, json.dumps(broken))
    with pytest.raises(MalformedMessage):
        load_body(kind, b"\xff{")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (EntityKind.PASS_USE, {"used_at": "2026-03-10T10:00:00"}),
        (
            EntityKind.ACTIVITY,
            {"occurrences": [{"id": "o", "starts_at": "2026-03-10T10:00:00", "ends_at": "2027-01-01"}]},
        ),
        (EntityKind.MULTIPASS, {"expires_after": {"days": 1, "months": 1}}),
        (EntityKind.MULTIPASS, {"effective": "on_date", "effective_on": None}),
        (EntityKind.MULTIPASS, {"total": -1}),
        (EntityKind.ACCESS_POINT, {"opening_hours": [{"days": [0]}]}),
        (EntityKind.ACCESS_POINT, {"opening_hours": [{"opens": "06:00:00Z"}]}),
        (EntityKind.ACCESS_POINT, {"attendance": {"has_child_pick_up": True}}),
    ],
)
def test_a_body_that_contradicts_itself_is_refused(kind: EntityKind, change: dict[str, Any]) -> None:
    """At the border, not in the middle of a decision."""
    document = json.loads(dump_body(BODIES[kind])) | change
    with pytest.raises(MalformedMessage):
        load_body(kind, json.dumps(document))


# -- strictness


@pytest.mark.parametrize(
    "change",
    [
        {"seq": "7"},
        {"seq": 0},
        {"seq": True},
        {"seq": 7.0},
        {"id": "0195808c-3a80-4000-8000-000000000001"},
        {"id": "0195808C-3A80-7000-8000-000000000001"},
        {"device": "door/1"},
        {"device": ""},
        {"device": "d" * 65},
        {"prev": "0" * 63},
        {"kind": "opened"},
        {"occurred_at": 1773151200},
        {"occurred_at": "1773151200"},
        {"occurred_at": "2026-03-10T14:00:00"},
        {"occurred_at": "2026-03-10"},
        {"occurred_at": "9999-12-31T23:59:59-14:00"},
        {"occurred_at": "0001-01-01T00:00:00+14:00"},
        {"is_offline": "no"},
        {"is_offline": 0},
        {"monotonic_ms": -1},
        {"outcome": "maybe"},
        {"reasons": "balance_due"},
        {"reasons": ["broke"]},
        {"credential": {"kind": "qr", "fingerprint": "0F" * 16}},
        {"credential": {"kind": "qr", "fingerprint": "0f" * 16, "raw": "12345"}},
        {"note": "n" * 201},
        {"note": "\ud800"},
        {"e_mail": "zoe@example.org"},
        {"v": True},
        {"v": 2},
        {"v": "1"},
        {"v": None},
    ],
    ids=str,
)
def test_an_event_is_strict(change: dict[str, Any]) -> None:
    """A value of another type, out of range or unknown: a WireError that quotes no value."""
    document = EVENT.document() | change
    with pytest.raises(WireError) as caught:
        Event.from_document(document)
    assert "zoe@example.org" not in str(caught.value)
    with pytest.raises(WireError):
        Event.from_bytes(json.dumps(document).encode())


@pytest.mark.parametrize(
    "missing", ["id", "device", "seq", "prev", "kind", "occurred_at", "clock", "outcome", "is_offline"]
)
def test_an_event_misses_nothing(missing: str) -> None:
    """What is needed is needed, and named."""
    document = {key: value for key, value in EVENT.document().items() if key != missing}
    with pytest.raises(MalformedMessage, match=missing):
        Event.from_document(document)


def test_an_event_is_frozen_and_its_instant_is_utc() -> None:
    """Facts are not rewritten; 10:00 at -04:00 is 14:00Z."""
    with pytest.raises(ValidationError):
        EVENT.outcome = Outcome.DENIED
    elsewhere = Event.from_document(EVENT.document() | {"occurred_at": "2026-03-10T10:00:00.250-04:00"})
    assert elsewhere == EVENT
    assert elsewhere.document()["occurred_at"] == "2026-03-10T14:00:00.250Z"


def test_the_name_of_an_unknown_field_is_not_repeated_when_it_is_not_fit_to_print() -> None:
    """Errors go to logs."""
    with pytest.raises(MalformedMessage) as caught:
        Event.from_document(EVENT.document() | {"\x1b[2J" + "x" * 500: 1})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b'{"v":1}x',
        b'{"v":1,"v":1}',
        b'{"v":NaN}',
        b'{"v":1,"x":1e999}',
        b'{"v":1,"x":0.5}',
        b'{"v":1,"x":9007199254740992}',
        b'{"v":1,"x":' + b"9" * 5000 + b"}",
        b'{"v":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
        b"\xef\xbb\xbf{}",
        '{"v":1}'.encode("utf-16"),
        b'{"v":"\xff"}',
        b'{"v":"\xed\xa0\x80"}',
        b'{"x":"' + b"a" * MAX_MESSAGE_BYTES + b'"}',
        b"\x00" * 100,
    ],
    ids=lambda raw: repr(raw[:30]),
)
def test_what_is_no_message_is_a_malformed_message(raw: bytes) -> None:
    """No other exception, whatever arrives on a topic."""
    with pytest.raises(MalformedMessage):
        parse_object(raw)
    for type_ in Message.__subclasses__():
        with pytest.raises(WireError):
            type_.from_bytes(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(MESSAGES)), st.data())
@settings(max_examples=300, deadline=None)
def test_a_message_with_anything_in_a_field_is_read_or_refused(name: str, data: st.DataObject) -> None:
    """And what is read has bytes that read the same."""
    document = MESSAGES[name].document()
    document[data.draw(st.sampled_from(sorted(document)))] = data.draw(json_values)
    try:
        raw = canonical_bytes(document)
    except ValueError:
        return  # nobody can send it
    try:
        message = type(MESSAGES[name]).from_bytes(raw)
    except WireError:
        return
    assert type(message).from_bytes(message.to_bytes()) == message


def test_canonical_bytes_and_digests() -> None:
    """Sorted, tight, UTF-8; the digest does not depend on the order of keys."""
    assert canonical_bytes({"b": 1, "a": {"d": None, "c": "é"}}) == '{"a":{"c":"é","d":null},"b":1}'.encode()
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1}) != digest({"a": 2, "b": 3})
    assert parse_object(canonical_bytes({"a": MAX_WHOLE_NUMBER})) == {"a": MAX_WHOLE_NUMBER}
    with pytest.raises(ValueError, match="Out of range"):
        canonical_bytes({"a": float("nan")})


def test_a_batch_holds_up_for_no_bad_event() -> None:
    """Its events are documents until each is checked; there are 1 to 50."""
    good, bad = EVENT.document(), {"seq": "?"}
    batch = EventBatch.from_document({"v": 1, "device": "door-1", "events": [bad, good]})
    assert Event.from_document(batch.events[1]) == EVENT
    for events in ([], [good] * (MAX_EVENTS_IN_BATCH + 1), ["text"]):
        with pytest.raises(MalformedMessage):
            EventBatch.from_document({"v": 1, "device": "door-1", "events": events})


def test_the_smallest_messages() -> None:
    """What a door says first has few fields; null is not said."""
    state = DeviceState.from_bytes(b'{"connection":"offline","device":"door-1","v":1}')
    assert state.to_bytes() == b'{"connection":"offline","device":"door-1","v":1}'
    delta = FeedDelta(organization="o", site="s", epoch="e", after=0, through=0, made_at=AT)
    assert FeedDelta.from_bytes(delta.to_bytes()) == delta
    assert (
        FeedEntry.model_validate({"seq": 1, "op": "delete", "kind": "of-the-future", "id": "x", "new": 1}).body is None
    )
    with pytest.raises(UnsupportedVersion):
        DeviceState.from_bytes(b"{}")


# -- receipts


@given(st.integers(0, 20), st.sets(st.integers(1, 60)))
@settings(max_examples=200, deadline=None)
def test_a_receipt_covers_exactly_what_is_recorded(through_seq: int, above: set[int]) -> None:
    """Everything through `through_seq`, and above it all but the gaps."""
    recorded = set(range(1, through_seq + 1)) | {seq for seq in above if seq > through_seq}
    max_seq = max(recorded, default=0)
    absent = [seq for seq in range(through_seq + 1, max_seq + 1) if seq not in recorded]
    receipt = Receipt(device="d", through_seq=through_seq, max_seq=max_seq, gaps=tuple((seq, seq) for seq in absent))
    again = Receipt.from_bytes(receipt.to_bytes())
    assert {seq for seq in range(1, 70) if again.covers(seq)} == recorded


@pytest.mark.parametrize(
    "change",
    [
        {"max_seq": 4},
        {"gaps": [[5, 5]]},
        {"gaps": [[8, 7]]},
        {"gaps": [[9, 10], [7, 7]]},
        {"gaps": [[7, 9], [9, 10]]},
        {"gaps": [[12, 13]]},
        {"gaps": [[7]]},
        {"gaps": [[7, 7]] * 101},
        {"through_seq": -1},
        {"parked": [0]},
    ],
    ids=str,
)
def test_a_receipt_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    """A door must never take an event for delivered on such a word."""
    document = {"v": 1, "device": "d", "through_seq": 5, "max_seq": 12, "gaps": [], "parked": []}
    assert Receipt.from_document(document).covers(12)
    with pytest.raises(MalformedMessage):
        Receipt.from_document(document | change)


# -- sealing


def test_what_is_sealed_is_unsealed() -> None:
    """By the public key of the same centre, and no other."""
    mark = MESSAGES["snapshot_mark"]
    sealed = KEY.seal(mark)
    assert PUBLIC.unseal(sealed, SnapshotMark) == mark
    assert PUBLIC.unseal(sealed.decode(), SnapshotMark) == mark
    with pytest.raises(BadSignature):
        CentrePublicKey(CentreKey(bytes(32)).public_raw).unseal(sealed, SnapshotMark)
    with pytest.raises(MalformedMessage):
        PUBLIC.unseal(sealed, FeedDelta)


def test_a_changed_byte_anywhere_breaks_the_seal() -> None:
    """Every byte, three ways; also one too few and one too many."""
    sealed = KEY.seal(MESSAGES["snapshot_mark"])
    changed = [
        sealed[:n] + bytes([sealed[n] ^ bit]) + sealed[n + 1 :] for n in range(len(sealed)) for bit in (1, 32, 128)
    ]
    for tampered in (*changed, sealed[:-1], sealed + b"}", b"", b"{}"):
        with pytest.raises(WireError):
            PUBLIC.unseal(tampered, SnapshotMark)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "0" * 16},
        {"key": None},
        {"v": 2},
        {"body": "{}"},
        {"body": {"v": 1}},
        {"body": "\ud800"},
        {"sig": ""},
        {"sig": "!"},
        {"sig": 5},
        {"sig": base64.b64encode(bytes(64)).decode()},
    ],
    ids=str,
)
def test_a_changed_envelope_is_refused(change: dict[str, Any]) -> None:
    """Whatever is wrong with it, as a WireError."""
    envelope = json.loads(KEY.seal(MESSAGES["snapshot_mark"])) | change
    with pytest.raises(WireError):
        PUBLIC.unseal(json.dumps(envelope), SnapshotMark)


def test_a_signature_has_one_spelling() -> None:
    """The spare bits of the last base64 digit are zero."""
    envelope = json.loads(KEY.seal(MESSAGES["snapshot_mark"]))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    signature = envelope["sig"]
    spare = signature[:-3] + alphabet[alphabet.index(signature[-3]) + 1] + "=="
    assert base64.b64decode(spare) == base64.b64decode(signature)
    with pytest.raises(BadSignature):
        PUBLIC.unseal(json.dumps(envelope | {"sig": spare}), SnapshotMark)


# -- topics and enrolment


@pytest.mark.parametrize("channel", Channel)
def test_a_topic_comes_back_from_its_text(channel: Channel) -> None:
    """gatehouse/v1/{organization}/{site}/{device}/{channel}."""
    topic = DeviceTopic("org", "centre", "door-1", channel)
    assert str(topic) == f"gatehouse/v1/org/centre/door-1/{channel}"
    assert parse_device_topic(str(topic)) == topic
    assert str(DeviceTopic("+", "+", "+", Channel.EVENTS)) == ALL_EVENTS


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "gatehouse/v1/org/centre/door-1",
        "gatehouse/v1/org/centre/door-1/events/more",
        "gatehouse/v2/org/centre/door-1/events",
        "other/v1/org/centre/door-1/events",
        "gatehouse/v1/org/centre/door-1/secrets",
        "gatehouse/v1//centre/door-1/events",
        "gatehouse/v1/org/centre//events",
        "gatehouse/v1/org/centre/+/events",
        "gatehouse/v1/org/centre/door 1/events",
        "gatehouse/v1/org/centre/door-1\n/events",
        feed_topic("org", "centre"),
    ],
)
def test_any_other_topic_is_nobodys(topic: str) -> None:
    """Names that no enrolment gives are no device."""
    assert parse_device_topic(topic) is None


def test_a_one_time_code_is_read_as_people_type_it() -> None:
    """Case, hyphens and spaces do not matter."""
    assert canonical_enrolment_code(" k7xm-2p9q ") == canonical_enrolment_code("K7XM 2P9Q") == "K7XM2P9Q"


def test_an_instant_far_from_utc_is_told_in_utc() -> None:
    """As every instant on the wire."""
    state = DeviceState.from_document(
        {"v": 1, "device": "d", "connection": "online", "at": "2026-03-10T23:00:00+14:00"}
    )
    assert state.at == datetime(2026, 3, 10, 9, tzinfo=UTC)
