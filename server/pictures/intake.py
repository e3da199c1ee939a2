"""What comes in as a picture goes out as a small, upright JPEG made anew, or not at all.

No byte of it is looked at in this process beyond its first twelve: a child of its own, with little memory, ten seconds
and no way to open a file or a connection (`server.pictures.decoding`), reads the header, refuses what is too big before
it decodes, and draws it anew without EXIF, colour profile, further frames or tails. Starting it takes about 0.1 s of
processor time.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore
from typing import Final

from server.errors import ServerError, TooLarge, Unprocessable

__all__ = [
    "BOX",
    "MAX_PICTURE_BYTES",
    "MAX_PICTURE_PIXELS",
    "NotAPicture",
    "PictureTooLarge",
    "PictureTooManyPixels",
    "PictureUnreadable",
    "made_anew",
]

MAX_PICTURE_BYTES: Final = 5 * 1024 * 1024
MAX_PICTURE_PIXELS: Final = 25_000_000
BOX: Final = (720, 960)
"""Width and height that a kept picture fits into: what a desk shows, at twice the size at which it shows it."""
_WALL_S: Final = 30
_CHILD: Final = Path(__file__).with_name("decoding.py")
_AT_ONCE: Final = BoundedSemaphore(2)


class PictureTooLarge(TooLarge):
    """More than 5 MB."""

    code = "picture_too_large"


class PictureTooManyPixels(TooLarge):
    """More than 25 megapixels, as its header says."""

    code = "picture_too_many_pixels"


class NotAPicture(Unprocessable):
    """Not a JPEG, PNG or WebP picture."""

    code = "picture_not_a_picture"


class PictureUnreadable(Unprocessable):
    """Begins like a picture, and is broken or asks for more memory or time than a picture takes."""

    code = "picture_cannot_be_decoded"


_REFUSED: Final[dict[str, type[ServerError]]] = {
    "too_many_pixels": PictureTooManyPixels,
    "not_a_picture": NotAPicture,
}


def made_anew(raw: bytes) -> bytes:
    """The JPEG to keep of a JPEG, PNG or WebP; of an animated one the first frame, white where it was transparent.

    Blocks for about 0.2 s. Raises `PictureTooLarge`, `PictureTooManyPixels`, `NotAPicture` or `PictureUnreadable`.
    """
    if len(raw) > MAX_PICTURE_BYTES:
        raise PictureTooLarge(f"a picture has at most {MAX_PICTURE_BYTES} bytes")
    if not _begins_like_one(raw):
        raise NotAPicture("neither JPEG nor PNG nor WebP")
    asked = [sys.executable, "-I", str(_CHILD), str(BOX[0]), str(BOX[1]), str(MAX_PICTURE_PIXELS)]
    try:
        with _AT_ONCE:
            done = subprocess.run(asked, input=raw, capture_output=True, timeout=_WALL_S, check=False, env={}, cwd="/")
    except subprocess.TimeoutExpired as error:
        raise PictureUnreadable("took too long") from error
    if done.returncode == 0 and done.stdout.startswith(b"\xff\xd8\xff"):
        return done.stdout
    said = done.stderr[:40].decode("ascii", "replace")
    raise _REFUSED.get(said, PictureUnreadable)(f"refused by the decoder, which ended with {done.returncode}")


def _begins_like_one(raw: bytes) -> bool:
    is_webp = raw[:4] == b"RIFF" and raw[8:12] == b"WEBP"
    return is_webp or raw.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
