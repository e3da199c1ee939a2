"""Cameras: streams with broken frames, noise and cuts, video files, folders, and codes that stay in view."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hardware.api import ReaderState
from hardware.errors import ReaderLost
from hardware.frames import redacted
from hardware.loader import load_reader
from hardware.simulated import SimulatedCamera, code_image, write_image_folder, write_video
from tests.patience import fastest, wait_until

SIZE = (640, 360)


@pytest.fixture
def camera() -> Iterator[SimulatedCamera]:
    with SimulatedCamera(size=SIZE, fps=20) as camera:
        yield camera


def table(source: object, **more: Any) -> dict[str, Any]:
    return {"name": "cam", "driver": "camera", "source": str(source), **more}


def jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.convert("RGB").save(stream, "JPEG")
    return stream.getvalue()


def noise_frames(count: int) -> list[bytes]:
    random = np.random.default_rng(2)
    return [jpeg(Image.fromarray(random.integers(0, 256, (360, 640, 3), dtype=np.uint8))) for _ in range(count)]


def test_a_code_that_stays_in_view_is_read_once(camera: SimulatedCamera, watch: Any) -> None:
    with watch(table(camera.url, repeat_after_s=1)) as reader:
        camera.show(code_image("STAYS"))
        reader.wait_reads(1)
        time.sleep(2)
        assert len(reader.reads) == 1
        camera.clear()
        time.sleep(1.6)
        camera.show(code_image("STAYS"))
        assert [read.data for read in reader.wait_reads(2)] == [b"STAYS"] * 2


def test_a_code_shown_for_a_while_is_gone_by_itself(camera: SimulatedCamera, watch: Any) -> None:
    with watch(table(camera.url, repeat_after_s=0.8)) as reader:
        for number in range(2):
            camera.show(code_image("A WHILE"), seconds=1)
            reader.wait_reads(number + 1)
            time.sleep(2.4)
    assert len(reader.reads) == 2


@pytest.mark.parametrize("data", [b"\x00\xff\x1b[31m\x80", "Café №7".encode(), b"A" * 300])
def test_codes_are_known_by_their_bytes(camera: SimulatedCamera, watch: Any, data: bytes) -> None:
    with watch(table(camera.url)) as reader:
        camera.show(code_image(data))
        read = reader.wait_reads(1)[0]
    assert (read.data, read.symbology) == (data, "QRCode")


def test_only_the_configured_formats_are_read(camera: SimulatedCamera, watch: Any) -> None:
    with watch(table(camera.url, formats=["Code128"])) as reader:
        camera.show(code_image("A QR CODE"))
        time.sleep(0.5)
        camera.show(code_image("GH-128", "Code128"))
        reads = reader.wait_reads(1)
    assert [(read.data, read.symbology) for read in reads] == [(b"GH-128", "Code128")]


def test_broken_frames_neither_stop_nor_disturb_the_reader(camera: SimulatedCamera, watch: Any) -> None:
    whole = jpeg(code_image("TRUNCATED").resize((400, 400)))
    with watch(table(camera.url)) as reader:
        camera.send_raw(b"", b"\xff\xd8", whole[:200], whole[: len(whole) // 2], b"no JPEG at all", b"\x00" * 5000)
        camera.send_raw(*noise_frames(10))
        camera.show(code_image("AFTER"))
        reader.wait(lambda: any(read.data == b"AFTER" for read in reader.reads))
    assert {read.data for read in reader.reads} <= {b"AFTER", b"TRUNCATED"}


def test_a_stream_that_falls_silent_is_lost_within_two_seconds_and_a_half(camera: SimulatedCamera, watch: Any) -> None:
    with watch(table(camera.url)) as reader:
        camera.show(code_image("ONE"))
        reader.wait_reads(1)

        def hang() -> float:
            with camera._lock:  # connected, but not a byte more
                took_s = float(reader.wait_state(ReaderState.LOST))
            reader.wait_state(ReaderState.READY)
            return took_s

        assert fastest(hang, limit=2.5) > 1


def test_outside_the_region_nothing_is_read(tmp_path: Path, watch: Any) -> None:
    picture = Image.new("L", (800, 400), 200)
    picture.paste(code_image("LEFT"), (40, 100))
    picture.paste(code_image("RIGHT"), (500, 100))
    folder = write_image_folder(tmp_path / "pictures", [picture])
    with watch(table(folder, region=[0.5, 0, 0.5, 1])) as reader:
        reader.wait_state(ReaderState.STOPPED)
    assert [read.data for read in reader.reads] == [b"RIGHT"]


def test_a_folder_is_read_in_order_and_what_is_no_image_is_passed_over(tmp_path: Path, watch: Any) -> None:
    images = [code_image("FIRST"), code_image("SECOND", "Code128"), code_image("THIRD")]
    folder = write_image_folder(tmp_path / "pictures", images)
    (folder / "0000a.png").write_bytes((folder / "0000.png").read_bytes()[:60])
    (folder / "0001a.jpg").write_bytes(b"\x00" * 1000)
    (folder / "0001b.txt").write_text("not an image")
    Image.new("1", (9000, 9000)).save(folder / "0001c.png")  # 81 megapixels
    with watch(table(folder, fps=50)) as reader:
        reader.wait_state(ReaderState.STOPPED)
    assert [read.data for read in reader.reads] == [b"FIRST", b"SECOND", b"THIRD"]


def test_a_folder_that_loops_begins_again(tmp_path: Path, watch: Any) -> None:
    blank = Image.new("L", (200, 200), 255)
    folder = write_image_folder(tmp_path / "pictures", [code_image("ROUND"), blank, blank, blank, blank])
    with watch(table(folder, fps=25, loop=True, repeat_after_s=0.1)) as reader:
        reader.wait_reads(3)
        assert reader.state is ReaderState.READY


def test_a_video_file_is_played_to_its_end(tmp_path: Path, watch: Any) -> None:
    video = write_video(tmp_path / "door.avi", [code_image("ALPHA"), code_image("BETA", "Code128")], fps=15, size=SIZE)
    with watch(table(video)) as reader:
        reader.wait_state(ReaderState.STOPPED)
    assert [read.data for read in reader.reads] == [b"ALPHA", b"BETA"]


def test_a_video_that_loops_plays_again(tmp_path: Path, watch: Any) -> None:
    video = write_video(tmp_path / "door.avi", [code_image("AGAIN")], fps=20, frames_each=4, size=SIZE)
    with watch(table(video, loop=True, repeat_after_s=0.2)) as reader:
        reader.wait_reads(3)


@pytest.mark.parametrize("content", [b"", b"no video", b"RIFF\x00\x00\x00\x00AVI LIST"])
def test_a_file_that_is_no_video_is_lost(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "door.avi"
    path.write_bytes(content)
    with pytest.raises(ReaderLost):
        load_reader(table(path)).open()


def test_a_cameras_password_is_not_in_its_errors() -> None:
    reader = load_reader(table("http://admin:hunter2@127.0.0.1:9/stream"))
    with pytest.raises(ReaderLost, match=r"127\.0\.0\.1:9") as caught:
        reader.open()
    assert "hunter2" not in str(caught.value)
    assert redacted("rtsp://a:b@host/x") == "rtsp://host/x"


def test_an_idle_stream_costs_little(camera: SimulatedCamera, watch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import hardware.camera

    decoded: list[float] = []
    decode = hardware.camera.codes_in

    def counting(*args: Any, **more: Any) -> Any:
        decoded.append(time.monotonic())
        return decode(*args, **more)

    monkeypatch.setattr(hardware.camera, "codes_in", counting)
    with watch(table(camera.url)):
        time.sleep(2.0)  # settled
        settled, settled_at = len(decoded), time.monotonic()
        time.sleep(2.1)
        wait_until(lambda: len(decoded) > settled, what="the heartbeat's look")
        assert len(decoded) - settled <= time.monotonic() - settled_at + 1
