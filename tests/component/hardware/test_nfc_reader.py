"""Cards over nfcpy's UDP wire: taps, removals in the middle of a read, garbage, and readers that are killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from hardware.api import ReaderState
from hardware.errors import ReaderConfigError, ReaderLost
from hardware.loader import load_reader
from hardware.simulated import SimulatedNfcField
from hardware.simulated.type2_tag import Type2Tag
from tests.patience import PATIENCE_S

UID = bytes.fromhex("04A224B2C35280")
URI = "https://club.example/c/GH-000123?check=4f3a"

CHILD = """
import sys, threading
from hardware.loader import load_reader
reader = load_reader({"name": "pad", "driver": "nfc", "device": sys.argv[1]})
reader.open()
print("ready", flush=True)
for read in reader.reads(threading.Event()):
    print(read.data.hex(), flush=True)
"""


@pytest.fixture
def field() -> Iterator[SimulatedNfcField]:
    with SimulatedNfcField() as field:
        yield field


def table(field: SimulatedNfcField, **more: Any) -> dict[str, Any]:
    return {"name": "pad", "driver": "nfc", "device": field.device, **more}


def test_sixty_taps_are_sixty_reads_and_each_tap_returns_when_its_card_was_handed_on(
    field: SimulatedNfcField, watch: Any
) -> None:
    uids = [bytes([4, number]) + b"\x24\xb2\xc3\x52\x80" for number in range(60)]
    with watch(table(field)) as reader:
        for number, uid in enumerate(uids):
            assert field.tap(uid, hold_s=PATIENCE_S)
            assert len(reader.reads) == number + 1
    assert [read.data for read in reader.reads] == uids


@pytest.mark.parametrize("size", [4, 7, 10])
def test_uids_of_every_size_are_read_whole(field: SimulatedNfcField, watch: Any, size: int) -> None:
    uid = bytes(range(0x21, 0x21 + size))
    with watch(table(field)) as reader:
        field.tap(uid)
        assert reader.wait_reads(1)[0].data == uid


def test_a_card_that_lies_there_is_read_once_and_again_after_it_was_taken_away(
    field: SimulatedNfcField, watch: Any
) -> None:
    with watch(table(field)) as reader:
        field.hold(UID)
        reader.wait_reads(1)
        time.sleep(0.6)
        assert len(reader.reads) == 1
        field.remove()
        assert field.tap(UID, hold_s=PATIENCE_S)
        assert [read.data for read in reader.reads] == [UID, UID]


def test_a_card_that_flickers_is_not_presented_again(field: SimulatedNfcField, watch: Any) -> None:
    with watch(table(field, removed_after_ms=2000)) as reader:
        for _ in range(4):
            field.hold(UID)
            time.sleep(0.12)
            field.remove()
            time.sleep(0.05)
        assert len(reader.wait_reads(1)) == 1


def test_another_card_on_top_is_a_read_of_its_own(field: SimulatedNfcField, watch: Any) -> None:
    with watch(table(field)) as reader:
        field.hold(UID)
        reader.wait_reads(1)
        field.hold(b"\x01\x02\x03\x04")
        assert reader.wait_reads(2)[1].data == b"\x01\x02\x03\x04"


def test_the_ndef_uri_is_read_when_the_reader_is_set_to_it(field: SimulatedNfcField, watch: Any) -> None:
    with watch(table(field, identity="ndef")) as reader:
        assert field.tap(UID, ndef_uri=URI, hold_s=PATIENCE_S)
        read = reader.wait_reads(1)[0]
    assert (read.data, read.symbology) == (URI.encode(), "NDEF")


def test_a_card_without_a_message_is_read_as_its_uid_and_says_so(field: SimulatedNfcField, watch: Any) -> None:
    with watch(table(field, identity="ndef")) as reader:
        field.hold(UID)
        read = reader.wait_reads(1)[0]
    assert (read.data, read.symbology) == (UID, "UID")


@pytest.mark.parametrize("commands", [0, 1, 3, 5])
def test_a_card_taken_away_in_the_middle_of_a_read_is_no_read_and_the_next_tap_is(
    field: SimulatedNfcField, watch: Any, commands: int
) -> None:
    with watch(table(field, identity="ndef")) as reader:
        field.hold(UID, ndef_uri=URI, commands=commands)
        time.sleep(0.15)
        field.remove()
        assert field.tap(UID, ndef_uri=URI, hold_s=PATIENCE_S)
        reads = [(read.data, read.symbology) for read in reader.wait_reads(1)]
    assert reads == [(URI.encode(), "NDEF")]


GARBAGE = [b"", b"106A", b"106A zz", b"106A 44", b"106A 0000", b"106A 440000", b"\xff\xff \xff", b"A" * 2000]


def test_garbage_on_the_wire_is_no_card_and_does_no_harm(field: SimulatedNfcField, watch: Any) -> None:
    with watch(table(field)) as reader:
        for datagram in GARBAGE:
            field.answer_next_with(datagram)
        give_up_at = time.monotonic() + PATIENCE_S
        while field._garbage:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
        assert field.tap(UID, hold_s=PATIENCE_S)
        assert [read.data for read in reader.reads] == [UID]
        assert ReaderState.LOST not in reader.states


def test_a_reader_process_may_be_killed_at_any_moment_and_the_next_one_reads_on(field: SimulatedNfcField) -> None:
    for uid in (UID, b"\x01\x02\x03\x04"):
        child = subprocess.Popen([sys.executable, "-c", CHILD, field.device], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert field.tap(uid, hold_s=PATIENCE_S)
        assert child.stdout.readline() == uid.hex() + "\n"
        field.hold(b"\x09\x09\x09\x09")  # killed with a card in its field
        assert child.stdout.readline() == "09090909\n"
        child.send_signal(signal.SIGKILL)
        child.wait(PATIENCE_S)
        child.stdout.close()
        field.remove()
        assert not field.tap(b"\x05\x06\x07\x08", hold_s=0.05)


def test_a_socket_that_cannot_send_is_a_lost_reader() -> None:
    reader = load_reader({"name": "pad", "driver": "nfc", "device": "udp:255.255.255.255:54321"})
    reader.open()
    with pytest.raises(ReaderLost):
        next(reader.reads(threading.Event()))
    reader.close()


def test_a_device_that_nfcpy_cannot_understand_is_a_configuration_error() -> None:
    reader = load_reader({"name": "pad", "driver": "nfc", "device": "udp:localhost:port"})
    with pytest.raises(ReaderConfigError, match="nfcpy does not understand"):
        reader.open()


@pytest.mark.parametrize(("uid", "uri"), [(b"", None), (b"12345", None), (UID, "https://x.example/" + "a" * 150)])
def test_a_card_that_cannot_exist_is_refused(uid: bytes, uri: str | None) -> None:
    with pytest.raises(ValueError, match=r"UID|fit"):
        Type2Tag(uid, uri)


def test_the_simulated_field_gives_its_port_back() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with SimulatedNfcField() as field:
        port = int(field.device.rsplit(":", 1)[1])
    with SimulatedNfcField(port) as field:
        assert field.device == f"udp:127.0.0.1:{port}"
    assert len(os.listdir("/proc/self/fd")) == before
