"""Serial scanners and what comes over a bad line: endless codes, NULs, broken UTF-8, half a frame."""

import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from hardware.api import MAX_READ_BYTES, ReaderState
from hardware.errors import ReaderConfigError, ReaderLost
from hardware.loader import load_reader
from hardware.simulated import SimulatedScanner
from tests.patience import fastest


@pytest.fixture
def scanner() -> Iterator[SimulatedScanner]:
    with SimulatedScanner() as scanner:
        yield scanner


def table(scanner: SimulatedScanner, **more: Any) -> dict[str, Any]:
    return {"name": "front", "driver": "serial", "port": scanner.port, **more}


def test_ten_megabytes_without_end_are_one_cut_read_and_the_next_code_is_whole(
    scanner: SimulatedScanner, watch: Any
) -> None:
    with watch(table(scanner)) as reader:
        before = psutil.Process().memory_info().rss
        assert scanner.send_raw(b"A" * 10_000_000) == 10_000_000
        assert psutil.Process().memory_info().rss - before < 20_000_000
        scanner.send_raw(b"\r")
        scanner.present(b"AFTER")
        flood, after = reader.wait_reads(2)
    assert (flood.is_oversize, flood.data) == (True, b"A" * MAX_READ_BYTES)
    assert (after.is_oversize, after.data) == (False, b"AFTER")


@pytest.mark.parametrize(
    "data",
    [
        b"\x00",
        b"A\x00B\x00",
        b"\xff\xfe\x80\xc3(",
        b"\xef\xbb\xbf1",
        b"\x1b[31m'; DROP TABLE",
        "‮".encode(),
        b"\x03\x11\x13",
    ],
)
def test_bytes_of_every_kind_pass_as_they_are(scanner: SimulatedScanner, watch: Any, data: bytes) -> None:
    with watch(table(scanner)) as reader:
        scanner.present(data)
        assert reader.wait_reads(1)[0].data == data


def test_half_a_frame_and_then_silence_ends_by_the_timeout(scanner: SimulatedScanner, watch: Any) -> None:
    with watch(table(scanner)) as reader:

        def silence() -> float:
            sent_at = time.monotonic()
            scanner.send_raw(b"HALF A FR")
            read = reader.wait_reads(len(reader.reads) + 1)[-1]
            assert read.data == b"HALF A FR"
            return float(read.read_at - sent_at)

        assert fastest(silence, limit=0.5) > 0.08


def test_a_code_that_comes_in_pieces_is_one_code(scanner: SimulatedScanner, watch: Any) -> None:
    with watch(table(scanner, frame_timeout_ms=1500)) as reader:
        for piece in (b"GH", b"-00", b"01\r"):
            scanner.send_raw(piece)
            time.sleep(0.03)
        assert reader.wait_reads(1)[0].data == b"GH-0001"


def test_without_terminator_silence_alone_ends_a_code(scanner: SimulatedScanner, watch: Any) -> None:
    with watch(table(scanner, terminator="none")) as reader:
        scanner.send_raw(b"A\rB\nC")
        assert reader.wait_reads(1)[0].data == b"A\rB\nC"


def test_what_was_scanned_while_nobody_read_is_not_read_later(scanner: SimulatedScanner, watch: Any) -> None:
    scanner.present(b"STALE")
    with watch(table(scanner)) as reader:
        scanner.present(b"FRESH")
        assert [read.data for read in reader.wait_reads(1)] == [b"FRESH"]


def test_a_flood_that_nobody_reads_does_not_hang_the_scanner(scanner: SimulatedScanner) -> None:
    assert scanner.send_raw(b"A" * 10_000_000, patience_s=0.2) < 10_000_000


def test_a_port_in_use_is_lost_for_the_second_reader(scanner: SimulatedScanner) -> None:
    first, second = load_reader(table(scanner)), load_reader(table(scanner))
    first.open()
    with pytest.raises(ReaderLost):
        second.open()
    first.close()
    second.open()
    second.close()


def test_a_port_that_pyserial_cannot_understand_is_a_configuration_error() -> None:
    reader = load_reader({"name": "front", "driver": "serial", "port": "nonsense://x"})
    with pytest.raises(ReaderConfigError, match='reader "front": pyserial cannot use port "nonsense://x"'):
        reader.open()


def test_a_serial_server_in_the_network_is_read_and_its_end_is_noticed(watch: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with watch({"name": "net", "driver": "serial", "port": f"socket://127.0.0.1:{port}"}) as reader:
            connection, _ = server.accept()
            connection.sendall(b"FROM AFAR\r\n")
            assert reader.wait_reads(1)[0].data == b"FROM AFAR"
            connection.close()
            reader.wait_state(ReaderState.LOST)


def test_the_simulated_scanner_leaves_nothing_behind() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with SimulatedScanner() as scanner:
        path = scanner.port
        scanner.unplug()
        scanner.unplug()
        assert not os.path.exists(path)
        scanner.replug()
        assert scanner.port == path
        assert os.path.exists(path)
    assert not os.path.lexists(path)
    assert len(os.listdir("/proc/self/fd")) == before
