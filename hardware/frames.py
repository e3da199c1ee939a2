"""Where a camera's frames come from: a live device or stream, a video file, or a folder of images, through OpenCV.

A live source hands out its newest frame and drops what nobody took; a recording hands out every frame in time.
"""

import contextlib
import os
import re
import threading
import time
from pathlib import Path
from typing import Any, Protocol

# Read once when cv2 loads: quiet, and a device that stops answering is noticed in two seconds, not ten.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

import cv2

from hardware.errors import ReaderLost

cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

__all__ = ["FolderFrames", "FrameSource", "LiveFrames", "RecordingEnded", "VideoFrames", "redacted", "source_of"]

OPEN_TIMEOUT_MS = 2000
READ_TIMEOUT_MS = 1500
LOST_AFTER_S = 1.8
"""A live source without a frame for this long is lost."""
MAX_IMAGE_PIXELS = 50_000_000
IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff"}


class RecordingEnded(Exception):
    """The video or folder is over: not an error."""


class FrameSource(Protocol):
    """A source of frames: BGR or grey uint8 arrays."""

    is_still: bool
    """Whether each frame is a picture of its own, so that comparing it with the one before means nothing."""

    def next_frame(self, wait_s: float) -> Any | None:
        """The next frame, or None when none came within `wait_s`. Raises ReaderLost or RecordingEnded."""

    def close(self) -> None:
        """Give the source back."""


class LiveFrames:
    """A device or a network stream, read in a thread of its own so that only its newest frame counts."""

    is_still = False

    def __init__(self, source: int | str, *, size: tuple[int, int] | None = None) -> None:
        self._label = redacted(source)
        self._capture = _open_live(source, size)
        self._news = threading.Condition()
        self._frame: Any = None
        self._has_ended = self._is_closed = False
        self._last_at = time.monotonic()
        self._thread = threading.Thread(target=self._grab, name="camera-frames", daemon=True)
        self._thread.start()

    def next_frame(self, wait_s: float) -> Any | None:
        """The newest frame not yet taken. Raises ReaderLost when the source ends or stays silent."""
        with self._news:
            self._news.wait_for(lambda: self._frame is not None or self._has_ended, wait_s)
            frame, self._frame = self._frame, None
            now = time.monotonic()
            if frame is not None:
                self._last_at = now
            elif self._has_ended or now - self._last_at > LOST_AFTER_S:
                raise ReaderLost(f"camera {self._label} sends no more frames")
        return frame

    def close(self) -> None:
        """Stop reading. A read that hangs gives the device back when it ends."""
        self._is_closed = True
        self._thread.join(2.5)

    def _grab(self) -> None:
        try:
            while not self._is_closed:
                is_read, frame = self._capture.read()
                if not is_read or frame is None:
                    break
                with self._news:
                    self._frame = frame
                    self._news.notify()
        except cv2.error:
            pass
        finally:
            self._capture.release()
            with self._news:
                self._has_ended = True
                self._news.notify()


class VideoFrames:
    """A video file, played at its own pace or at `fps`."""

    is_still = False

    def __init__(self, path: Path, *, fps: float | None = None, loop: bool = False) -> None:
        self._path = path
        self._loop = loop
        self._capture = cv2.VideoCapture(str(path))
        if not self._capture.isOpened():
            self._capture.release()
            raise ReaderLost(f"cannot open video {path}")
        own = float(self._capture.get(cv2.CAP_PROP_FPS))
        self._pace = _Pace(fps or (own if 0 < own <= 240 else 25.0))

    def next_frame(self, wait_s: float) -> Any | None:
        """The next frame when its time has come. Raises RecordingEnded unless it loops."""
        if not self._pace.is_due(wait_s):
            return None
        is_read, frame = self._capture.read()
        if not is_read and self._loop:
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
            is_read, frame = self._capture.read()
        if not is_read:
            raise RecordingEnded
        return frame

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


class FolderFrames:
    """The images of a folder in the order of their names, at `fps`; what is no readable image is passed over."""

    is_still = True

    def __init__(self, folder: Path, *, fps: float | None = None, loop: bool = False) -> None:
        if not folder.is_dir():
            raise ReaderLost(f"no folder {folder}")
        self._folder = folder
        self._loop = loop
        self._pace = _Pace(fps or 5.0)
        self._left = self._images()

    def next_frame(self, wait_s: float) -> Any | None:
        """The next image when its time has come; None also for one that cannot be read."""
        if not self._pace.is_due(wait_s):
            return None
        if not self._left and self._loop:
            self._left = self._images()
        if not self._left:
            if self._loop:
                return None
            raise RecordingEnded
        return _image(self._left.pop(0))

    def close(self) -> None:
        """Nothing is held open."""

    def _images(self) -> list[Path]:
        with contextlib.suppress(OSError):
            return sorted(path for path in self._folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
        return []


class _Pace:
    def __init__(self, fps: float) -> None:
        self._interval_s = 1 / fps
        self._next_at = time.monotonic()

    def is_due(self, wait_s: float) -> bool:
        """Wait for the next frame's time, at most `wait_s`; whether it has come."""
        time.sleep(max(0.0, min(wait_s, self._next_at - time.monotonic())))
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = max(self._next_at + self._interval_s, now - self._interval_s)
        return True


def source_of(source: int | str, *, size: tuple[int, int] | None, fps: float | None, loop: bool) -> FrameSource:
    """The frames of a device number, `/dev/video*`, URL, video file or folder. Raises ReaderLost."""
    if isinstance(source, int) or "://" in source or source.startswith("/dev/"):
        return LiveFrames(source, size=size)
    path = Path(source)
    if path.is_dir():
        return FolderFrames(path, fps=fps, loop=loop)
    if not path.exists():
        raise ReaderLost(f"no file or folder {path}")
    return VideoFrames(path, fps=fps, loop=loop)


def redacted(source: int | str) -> str:
    """The source as it may be logged: without a user name and password."""
    return re.sub(r"//[^/@]*@", "//", str(source))


def _open_live(source: int | str, size: tuple[int, int] | None) -> Any:
    if isinstance(source, str) and "://" in source:
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS]
        timeouts += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
        capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, timeouts)
    else:
        capture = cv2.VideoCapture(source, cv2.CAP_V4L2)
        if capture.isOpened() and size is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
    if not capture.isOpened():
        capture.release()
        raise ReaderLost(f"cannot open camera {redacted(source)}")
    return capture


def _image(path: Path) -> Any | None:
    """The image in BGR, or None when it is none or larger than 50 megapixels."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as header:
            if header.width * header.height > MAX_IMAGE_PIXELS:
                return None
        return cv2.imread(str(path), cv2.IMREAD_COLOR)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    except (cv2.error, ValueError):
        return None
