"""`gatehouse read`: what a configured reader reads until Ctrl-C, or what is in pictures of cards.

What was read comes from strangers: it reaches the terminal escaped, and never a log.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import structlog
import typer

from gatehouse.commands.printing import escaped
from hardware.api import Read, ReaderState, Technology
from hardware.errors import PictureUnreadable, ReaderConfigError
from hardware.loader import load_reader
from hardware.supervisor import ReaderSupervisor

if TYPE_CHECKING:
    from hardware.image_codes import FoundCode

__all__ = ["read"]

_BUSY = "Another program has it, perhaps a running door."
_HINTS = {
    errno.ENOENT: "Is it plugged in, and is that its name (ls /dev/serial/by-id)?",
    errno.EACCES: "The files in firmware_configs/udev say who may use it.",
    errno.EBUSY: _BUSY,
    errno.EAGAIN: _BUSY,
}
"""What to look at, by the operating system's error."""


def read(
    images: Annotated[
        list[Path] | None,
        typer.Option(
            "--image", metavar="PATH...", readable=False, help="Pictures, or folders of pictures, to look into."
        ),
    ] = None,
    more_images: Annotated[list[Path] | None, typer.Argument(metavar="PATH", hidden=True, readable=False)] = None,
    all_formats: Annotated[
        bool, typer.Option("--all-formats", help="Every kind of code, not only QR and Code 128; slower.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a code.")] = False,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="The readers that this file configures.")
    ] = None,
    driver: Annotated[Literal["serial", "nfc", "camera"] | None, typer.Option(help="One reader, by itself.")] = None,
    port: Annotated[str | None, typer.Option(help="serial: the port, such as /dev/ttyACM0.")] = None,
    baud: Annotated[int | None, typer.Option(help="serial: the speed; 9600 unless given.")] = None,
    device: Annotated[str | None, typer.Option(help="nfc: usb, usb:vvvv:pppp or udp:host:port.")] = None,
    identity: Annotated[str | None, typer.Option(help="nfc: uid, or ndef for what is written on it.")] = None,
    source: Annotated[str | None, typer.Option(help="camera: a number, a URL, a video or a folder.")] = None,
    count: Annotated[int, typer.Option(min=0, help="Stop after this many reads; 0 goes on.")] = 0,
) -> None:
    """Print what a reader reads until Ctrl-C, or what is in pictures, so that one sees whether it works.

    Exit status for pictures: 0 when each had a code, 1 when some had none, 2 when some could not be opened; for
    readers: 1 when none of them was ever there.
    """
    paths = [*(images or []), *(more_images or [])]
    if more_images and not images:
        _stop("pictures are given with --image: gatehouse read --image card.png")
    direct = {"port": port, "baud": baud, "device": device, "identity": identity, "source": source}
    given = {key: value for key, value in direct.items() if value is not None}
    if paths:
        if config is not None or driver is not None or given:
            _stop("--image does not go with --config, --driver or a reader's own options")
        raise typer.Exit(_read_pictures(paths, all_formats=all_formats, as_json=as_json))
    try:
        tables = _tables(config, driver, given, all_formats=all_formats)
        were_there: set[str] = set()
        supervisors, reads = _supervised(tables, were_there)
    except ReaderConfigError as error:
        _stop(str(error))
    with _logs_silenced():
        _print_reads(supervisors, reads, count=count, as_json=as_json)
    if not were_there:
        raise typer.Exit(1)


# --- pictures ---


def _read_pictures(paths: list[Path], *, all_formats: bool, as_json: bool) -> int:
    from hardware.image_codes import ALL_FORMATS, CARD_FORMATS
    from hardware.pictures import codes_in_picture

    unreadable, empty = 0, 0
    for path, problem in _picture_files(paths):
        if problem is None:
            try:
                found = codes_in_picture(path, ALL_FORMATS if all_formats else CARD_FORMATS)
            except PictureUnreadable as error:
                problem = str(error)
        if problem is not None:
            unreadable += 1
            _say(f"{path}: {problem}")
            continue
        if not found:
            empty += 1
            _say(f"{path}: no code found")
        for code in found:
            print(_code_line(path, code, as_json=as_json), flush=True)
    if empty and not all_formats:
        _say("only QR and Code 128 were looked for: --all-formats looks for every kind")
    return 2 if unreadable else 1 if empty else 0


def _picture_files(paths: list[Path]) -> Iterator[tuple[Path, str | None]]:
    """Each picture to look into, or what is wrong with a path."""
    from hardware.picture_files import PICTURE_SUFFIXES

    for path in paths:
        if not os.path.isdir(path):  # Path.is_dir raises where a folder above is closed
            yield path, None
            continue
        try:
            files = sorted(one for one in path.iterdir() if one.is_file())
        except OSError:
            yield path, "the folder cannot be read"
            continue
        pictures = [one for one in files if one.suffix.lower() in PICTURE_SUFFIXES]
        if not pictures:
            yield path, "the folder holds no pictures"
        yield from ((one, None) for one in pictures)


def _code_line(path: Path, code: FoundCode, *, as_json: bool) -> str:
    if not as_json:
        return f"{escaped(str(path))}  {code.format}  {escaped(code.text)}{_hex_note(code.data)}"
    row: dict[str, Any] = {"image": str(path), "format": code.format, "text": code.text}
    row |= {"position": [list(corner) for corner in code.corners]} | _bytes_field(code.data)
    return json.dumps(row)


# --- readers ---


def _tables(
    config: Path | None, driver: str | None, given: dict[str, Any], *, all_formats: bool
) -> list[dict[str, object]]:
    """The reader tables to run. Raises ReaderConfigError."""
    if (config is None) == (driver is None):
        raise ReaderConfigError("say which reader: --config FILE.toml, or --driver with its options; or --image PATH")
    if config is not None:
        if given or all_formats:
            raise ReaderConfigError("with --config, the file alone says how the readers are set up")
        return _tables_of(config)
    source = given.get("source")
    if source is not None and source.isdecimal():
        given = given | {"source": int(source)}
    extra = {"formats": ["AllReadable"]} if all_formats and driver == "camera" else {}
    return [{"name": str(driver), "driver": driver, **given, **extra}]


def _tables_of(config: Path) -> list[dict[str, object]]:
    try:
        document = tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReaderConfigError(f"{config}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReaderConfigError(f"{config}: no valid TOML: {error}") from error
    tables = document.get("readers")
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise ReaderConfigError(f"{config}: holds no [[readers]] table")
    return tables


def _supervised(
    tables: list[dict[str, object]], were_there: set[str]
) -> tuple[list[ReaderSupervisor[Read]], queue.SimpleQueue[Read | None]]:
    """A supervisor for each table, none started, and the queue of their reads; None in it says one has ended. Who was
    ready once is put into `were_there`."""
    reads: queue.SimpleQueue[Read | None] = queue.SimpleQueue()

    def on_state(name: str, state: ReaderState) -> None:
        _say(f"{name}: {state.value}")
        if state is ReaderState.READY:
            were_there.add(name)
        if state is ReaderState.STOPPED:
            reads.put(None)

    readers = [load_reader(table) for table in tables]
    return [ReaderSupervisor(reader, on_read=reads.put, on_state=on_state) for reader in readers], reads


def _print_reads(
    supervisors: list[ReaderSupervisor[Read]], reads: queue.SimpleQueue[Read | None], *, count: int, as_json: bool
) -> None:
    running, printed = len(supervisors), 0
    try:
        for supervisor in supervisors:
            supervisor.start()
        while running and (not count or printed < count):
            one = reads.get()
            if one is None:
                running -= 1
                continue
            print(_read_line(one, as_json=as_json), flush=True)
            printed += 1
    except KeyboardInterrupt:
        pass
    finally:
        for supervisor in supervisors:
            supervisor.stop()


def _read_line(one: Read, *, as_json: bool) -> str:
    is_uid = one.technology is Technology.NFC and one.symbology == "UID"
    text = one.data.hex().upper() if is_uid else one.data.decode(errors="replace")
    if not as_json:
        cut = "  (too long, cut)" if one.is_oversize else ""
        note = "" if is_uid else _hex_note(one.data)
        return f"{escaped(one.reader)}  {one.symbology or one.technology.value}  {escaped(text)}{note}{cut}"
    row: dict[str, Any] = {"reader": one.reader, "technology": one.technology.value, "symbology": one.symbology}
    row |= {"text": text, "is_oversize": one.is_oversize}
    return json.dumps(row | ({"bytes": one.data.hex()} if is_uid else _bytes_field(one.data)))


# --- both ---


def _bytes_field(data: bytes) -> dict[str, str]:
    return {} if _is_utf8(data) else {"bytes": data.hex()}


def _hex_note(data: bytes) -> str:
    return "" if _is_utf8(data) else f"  (not UTF-8; bytes {data.hex()})"


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _logs_silenced() -> Iterator[None]:
    """The states, and why a reader is lost, are said on stderr here; log lines would stand between the reads."""
    before = structlog.get_config()
    structlog.configure(processors=[_dropped])
    try:
        yield
    finally:
        structlog.configure(**before)


def _dropped(logger: Any, method: str, event: Any) -> Any:
    if event["event"] == "reader_lost":
        number = event["errno"]
        why = f"{event['reason']}: {os.strerror(number)}" if number else event["reason"]
        _say(f"{event['reader']}: {why}. {_HINTS.get(number, 'It is tried again until Ctrl-C.')}")
    raise structlog.DropEvent


def _say(message: str) -> None:
    # One write with its end of line: the readers' threads say their states at the same time.
    sys.stderr.write(f"{escaped(message)}\n")
    sys.stderr.flush()


def _stop(message: str) -> NoReturn:
    _say(message)
    raise typer.Exit(2)
