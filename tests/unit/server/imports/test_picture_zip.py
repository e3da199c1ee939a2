"""A zip's directory is bounded by what is read of it, not by what the zip says of itself."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from server.imports.errors import FileRefused
from server.imports.picture_zip import check_zip

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_HUGE = 300 * 1024 * 1024


def zipped(*names: str) -> bytes:
    """A zip of empty files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return made.getvalue()


def sparse(folder: Path, size: int, end: bytes) -> Path:
    """A file of so many blank bytes, which take no room, and this end."""
    path = folder / "upload"
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(end)
    return path


def refused(path: Path) -> str:
    """The code of the refusal."""
    with pytest.raises(FileRefused) as found:
        check_zip(path)
    return found.value.code


def test_what_may_be_a_picture_is_counted_and_the_rest_passed_over(tmp_path: Path) -> None:
    """In folders, in capitals; no shadows of a Mac. A picture of another kind is counted, too, so that it is told."""
    path = tmp_path / "upload"
    names = ["photos/", "photos/7.JPG", "C:\\photos\\8.JpEg", "9.jfif", "10.HEIC", "Thumbs.db", "read me.txt"]
    path.write_bytes(zipped(*names, "__MACOSX/photos/._7.JPG", "photos/.DS_Store", "photos/.7.jpg"))
    assert check_zip(path) == 4
    path.write_bytes(zipped("1.heic", "photos/"))
    assert refused(path) == "no_pictures"
    path.write_bytes(b"")
    assert refused(path) == "not_a_zip"


@pytest.mark.parametrize("count", [1, 0xFFFF])
@pytest.mark.parametrize("comment", [b"", b"holiday pictures"])
def test_a_directory_that_is_said_to_be_huge_is_not_read(tmp_path: Path, count: int, comment: bytes) -> None:
    """Whatever number of files it claims."""
    end = _END.pack(b"PK\5\6", 0, 0, count, count, _HUGE, 0, len(comment)) + comment
    assert refused(sparse(tmp_path, _HUGE, end)) == "zip_bomb"


def test_nor_one_in_the_newer_record(tmp_path: Path) -> None:
    """Zip64 has sizes of its own, which go before the old ones."""
    end_64 = _END_64.pack(b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, _HUGE, 0)
    locator = _LOCATOR.pack(b"PK\6\7", 0, _HUGE, 1)
    end = _END.pack(b"PK\5\6", 0, 0, 1, 1, 46, 0, 0)
    assert refused(sparse(tmp_path, _HUGE, end_64 + locator + end)) == "zip_bomb"


def test_a_directory_that_is_truly_long_is_refused(tmp_path: Path) -> None:
    """Nine megabytes of names."""
    path = tmp_path / "upload"
    path.write_bytes(zipped(*(f"{number:060000}.png" for number in range(150))))
    assert refused(path) == "zip_bomb"


def test_pictures_are_counted(tmp_path: Path) -> None:
    """With a comment at the end, too; the shadows of a Mac do not count."""
    path = tmp_path / "upload"
    made = io.BytesIO(zipped("a.png", "b/c.JPG", "__MACOSX/._a.png", "notes.txt"))
    with zipfile.ZipFile(made, "a") as archive:
        archive.comment = b"x" * 40_000
    path.write_bytes(made.getvalue())
    assert check_zip(path) == 2
    path.write_bytes(zipped(*(f"{number}.png" for number in range(20_001))))
    assert refused(path) == "too_many_rows"
