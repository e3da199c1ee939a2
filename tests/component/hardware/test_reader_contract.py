"""What every reader promises, run on each driver against the simulated far end of its real wire."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from hardware.api import ReaderState, Technology
from hardware.errors import ReaderLost
from hardware.loader import load_reader
from hardware.simulated import SimulatedCamera, SimulatedNfcField, SimulatedScanner, code_image
from tests.patience import fastest


class SerialRig:
    """A scanner on a pty."""

    technology, symbology = Technology.BARCODE, None
    absent: ClassVar = {"name": "r", "driver": "serial", "port": "/dev/ttyACM-not-there"}

    def __init__(self) -> None:
        self.far_end = SimulatedScanner()
        self.table = {"name": "front", "driver": "serial", "port": self.far_end.port}

    def present(self, number: int) -> bytes:
        self.far_end.present(b"CARD-%d" % number)
        return b"CARD-%d" % number


class NfcRig:
    """A field of cards over UDP."""

    technology, symbology = Technology.NFC, "UID"
    absent: ClassVar = {"name": "r", "driver": "nfc", "device": "usb:dead:beef"}

    def __init__(self) -> None:
        self.far_end = SimulatedNfcField()
        self.table = {"name": "pad", "driver": "nfc", "device": self.far_end.device}

    def present(self, number: int) -> bytes:
        uid = bytes.fromhex("04a224b2c352") + bytes([number])
        self.far_end.tap(uid)
        return uid


class CameraRig:
    """A camera that streams MJPEG."""

    technology, symbology = Technology.CAMERA, "QRCode"
    absent: ClassVar = {"name": "r", "driver": "camera", "source": "http://127.0.0.1:9/stream.mjpg"}

    def __init__(self) -> None:
        self.far_end = SimulatedCamera(size=(640, 360), fps=20)
        self.table = {"name": "cam", "driver": "camera", "source": self.far_end.url}

    def present(self, number: int) -> bytes:
        self.far_end.show(code_image(f"CARD-{number}"))
        return b"CARD-%d" % number


class ReaderContract:
    """Inherited by every driver's tests; `Rig` says what is at the other end of the wire."""

    Rig: Any

    @pytest.fixture
    def rig(self) -> Iterator[Any]:
        rig = self.Rig()
        with rig.far_end:
            yield rig

    def test_what_is_presented_is_read_once_with_its_reader_technology_and_time(self, rig: Any, watch: Any) -> None:
        with watch(rig.table) as reader:
            before = time.monotonic()
            data = rig.present(1)
            read = reader.wait_reads(1)[0]
            assert before <= read.read_at <= time.monotonic()
        assert len(reader.reads) == 1
        assert (read.reader, read.data, read.is_oversize) == (rig.table["name"], data, False)
        assert (read.technology, read.symbology) == (rig.technology, rig.symbology)

    def test_presentations_come_out_in_their_order(self, rig: Any, watch: Any) -> None:
        with watch(rig.table) as reader:
            presented = []
            for number in range(5):
                presented.append(rig.present(number))
                reader.wait_reads(number + 1)
        assert [read.data for read in reader.reads] == presented

    def test_stopping_an_idle_reader_takes_less_than_two_seconds(self, rig: Any, watch: Any) -> None:
        with watch(rig.table) as reader:
            reader.wait_state(ReaderState.READY)
            took_s = [reader.stop()]
        assert reader.states[-1] is ReaderState.STOPPED

        def again() -> float:
            with watch(rig.table) as reader:
                reader.wait_state(ReaderState.READY)
                return float(reader.stop())

        assert took_s[0] < 2 or fastest(again, limit=2) < 2

    def test_a_reader_reads_again_after_it_was_closed_and_opened(self, rig: Any) -> None:
        reader = load_reader(rig.table)
        for number in range(3):
            reader.open()
            presenting = threading.Thread(target=rig.present, args=(number,))
            reads = reader.reads(threading.Event())
            presenting.start()
            assert next(reads).reader == rig.table["name"]
            reads.close()  # type: ignore[attr-defined]
            reader.close()
            reader.close()
            presenting.join()

    def test_a_device_that_is_not_there_is_lost_and_not_a_crash(self) -> None:
        reader = load_reader(self.Rig.absent)
        with pytest.raises(ReaderLost):
            reader.open()
        reader.close()

    def test_reading_without_opening_is_refused(self) -> None:
        with pytest.raises(ReaderLost):
            next(load_reader(self.Rig.absent).reads(threading.Event()))

    def test_nothing_that_was_read_is_logged(self, rig: Any, watch: Any) -> None:
        with capture_logs() as logs, watch(rig.table) as reader:
            data = rig.present(7)
            reader.wait_reads(1)
        assert data.decode(errors="replace") not in str(logs)
        assert data.hex() not in str(logs).lower()


class CableContract(ReaderContract):
    """For readers that can be unplugged."""

    cycles: int

    def test_pulling_the_cable_is_seen_in_two_seconds_and_putting_it_back_in_five(self, rig: Any, watch: Any) -> None:
        with capture_logs() as logs, watch(rig.table) as reader:
            rig.present(1)
            reader.wait_reads(1)
            put_back_s: list[float] = []

            def pull() -> float:
                rig.far_end.unplug()
                took_s = float(reader.wait_state(ReaderState.LOST))
                time.sleep(0.3)
                rig.far_end.replug()
                put_back_s.append(reader.wait_state(ReaderState.READY))
                return took_s

            assert fastest(pull, limit=2) < 2
            assert min(put_back_s) < 5
            rig.present(2)
            reader.wait_reads(2)
        assert [entry["event"] for entry in logs] == ["reader_lost", "reader_back"] * len(put_back_s)

    def test_many_unplug_cycles_leak_no_descriptor_and_no_thread(self, rig: Any, watch: Any) -> None:
        with capture_logs() as logs, watch(rig.table) as reader:

            def cycle() -> None:
                rig.far_end.unplug()
                reader.wait_state(ReaderState.LOST)
                rig.far_end.replug()
                reader.wait_state(ReaderState.READY)

            cycle()
            before = descriptors(), threading.active_count()
            for _ in range(self.cycles):
                cycle()
            assert (descriptors(), threading.active_count()) <= (before[0] + 2, before[1] + 2)
            data = rig.present(9)
            assert reader.wait_reads(1)[-1].data == data
        events = [entry["event"] for entry in logs]
        assert events == ["reader_lost", "reader_back"] * (self.cycles + 1)

    def test_the_other_readers_go_on_while_one_is_unplugged(self, rig: Any, watch: Any) -> None:
        with SimulatedScanner() as other:
            table = {"name": "other", "driver": "serial", "port": other.port}
            with watch(rig.table) as lost, watch(table) as reader:
                rig.far_end.unplug()
                lost.wait_state(ReaderState.LOST)
                other.present(b"STILL HERE")
                assert reader.wait_reads(1)[0].data == b"STILL HERE"


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


class TestSerialScanner(CableContract):
    """pyserial on a pty."""

    Rig, cycles = SerialRig, 100


class TestNfcReader(ReaderContract):
    """nfcpy over UDP; its wire has no cable to pull."""

    Rig = NfcRig


class TestCamera(CableContract):
    """OpenCV on MJPEG over HTTP."""

    Rig, cycles = CameraRig, 15
