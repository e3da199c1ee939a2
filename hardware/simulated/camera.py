"""A network camera that is not there: MJPEG over HTTP on loopback, showing what is held before it.

Also writes the two other things a camera reader takes: a folder of images and a video file.
"""

import contextlib
import io
import socket
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import numpy as np
from PIL import Image

__all__ = ["SimulatedCamera", "write_image_folder", "write_video"]

NOISE_SIGMA = 3.0
VARIANTS = 4
"""Frames of one scene that differ by noise; they are shown in turn, so that idling costs next to nothing."""
BOUNDARY = "frame"

Picture = Any
"""A PIL image, or a numpy array as OpenCV has it: BGR or grey."""


class SimulatedCamera:
    """Give `url` to a reader of driver "camera" and show it cards. Thread-safe."""

    def __init__(self, *, size: tuple[int, int] = (960, 540), fps: float = 12.0, port: int = 0) -> None:
        self._size = size
        self._interval_s = 1 / fps
        self._lock = threading.Lock()
        self._noise = _noise(size)
        self._idle = self._variants(None)
        self._shown = self._idle
        self._shown_until: float | None = None
        self._raw: list[bytes] = []
        self._server: _Server | None = None
        self._port = port
        self.replug()

    @property
    def url(self) -> str:
        """What to write as `source` of the reader; the same over unplug and replug."""
        return f"http://127.0.0.1:{self._port}/stream.mjpg"

    def show(self, image: Picture, seconds: float | None = None) -> None:
        """Hold an image before the camera, for good or for `seconds`; returns at once.

        It is made to fit, and stands in the middle of the scene.
        """
        frames = self._variants(_as_image(image))
        with self._lock:
            self._shown = frames
            self._shown_until = None if seconds is None else time.monotonic() + seconds

    def clear(self) -> None:
        """Take the image away: an idle scene with slight noise."""
        with self._lock:
            self._shown, self._shown_until = self._idle, None

    def send_raw(self, *frames: bytes) -> None:
        """Send these bytes as the next frames, whatever they are: broken JPEGs, for one."""
        with self._lock:
            self._raw.extend(frames)

    def unplug(self) -> None:
        """Cut every connection and stop listening."""
        server, self._server = self._server, None
        if server is not None:
            server.cut()

    def replug(self) -> None:
        """Listen again at the same address."""
        if self._server is None:
            self._server = _Server(("127.0.0.1", self._port), self)
            self._port = self._server.server_port
            threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Unplug for good."""
        self.unplug()

    def frame(self, number: int) -> bytes:
        """The JPEG for a stream's frame of this number."""
        with self._lock:
            if self._raw:
                return self._raw.pop(0)
            if self._shown_until is not None and time.monotonic() >= self._shown_until:
                self._shown, self._shown_until = self._idle, None
            return self._shown[number % VARIANTS]

    def _variants(self, card: Image.Image | None) -> list[bytes]:
        scene = np.array(_scene(self._size, card), dtype=np.int16)
        return [_jpeg(scene + noise) for noise in self._noise]

    def stream_to(self, connection: Any, is_cut: threading.Event) -> None:
        """Write frames until the connection or the camera ends."""
        number = 0
        while not is_cut.is_set():
            jpeg = self.frame(number)
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            connection.write(head.encode() + jpeg + b"\r\n")
            number += 1
            is_cut.wait(self._interval_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], camera: SimulatedCamera) -> None:
        super().__init__(address, _Handler)
        self.camera = camera
        self.is_cut = threading.Event()
        self.connections: set[socket.socket] = set()

    def cut(self) -> None:
        self.is_cut.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A viewer that goes away is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.connections.add(self.connection)
        try:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
            self.end_headers()
            self.server.camera.stream_to(self.wfile, self.server.is_cut)
        except OSError:
            self.close_connection = True
        finally:
            self.server.connections.discard(self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing to log."""


def write_image_folder(folder: Path, images: Sequence[Picture]) -> Path:
    """Write the images as PNG files whose names sort in the given order; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        _as_image(image).save(folder / f"{number:04}.png")
    return folder


def write_video(
    path: Path,
    images: Sequence[Picture],
    *,
    fps: float = 10.0,
    frames_each: int = 5,
    size: tuple[int, int] = (960, 540),
) -> Path:
    """Write a Motion JPEG video (name it .avi): each image for `frames_each` frames, an idle scene around each."""
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
    if not writer.isOpened():
        raise OSError(f"cannot write a video to {path}")
    scenes = [None, *(scene for image in images for scene in (_as_image(image), None))]
    for scene in scenes:
        frame = np.ascontiguousarray(np.array(_scene(size, scene))[:, :, ::-1])
        for _ in range(frames_each):
            writer.write(frame)
    writer.release()
    return path


def _noise(size: tuple[int, int]) -> list[Any]:
    random = np.random.default_rng(7)
    shape = (size[1], size[0], 3)
    return [random.normal(0, NOISE_SIGMA, shape).astype(np.int16) for _ in range(VARIANTS)]


def _jpeg(pixels: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=85)
    return stream.getvalue()


def _as_image(picture: Picture) -> Image.Image:
    if isinstance(picture, Image.Image):
        return picture.convert("RGB")
    array = np.asarray(picture)
    return Image.fromarray(np.ascontiguousarray(array[:, :, ::-1]) if array.ndim == 3 else array).convert("RGB")


def _scene(size: tuple[int, int], card: Image.Image | None) -> Image.Image:
    """A wall in uneven light with a door frame; the card in its middle, four fifths of the scene at most."""
    width, height = size
    light = np.linspace(90, 150, width)[None, :] * np.linspace(1.0, 0.8, height)[:, None]
    scene = Image.fromarray(light.astype(np.uint8)).convert("RGB")
    scene.paste((70, 62, 55), (width // 12, height // 8, width // 12 + width // 40, height))
    if card is not None:
        factor = min(0.8 * width / card.width, 0.8 * height / card.height)
        if factor < 1 or factor >= 2:
            factor = factor if factor < 1 else float(int(factor))
            resample = Image.Resampling.LANCZOS if factor < 1 else Image.Resampling.NEAREST
            card = card.resize((round(card.width * factor), round(card.height * factor)), resample)
        scene.paste(card, ((width - card.width) // 2, (height - card.height) // 2))
    return scene
