"""`gatehouse read` as an installer uses it: pictures, readers, exit status, and output that cannot hurt a terminal."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_type_hints

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner, Result

from gatehouse.commands.printing import escaped
from gatehouse.commands.read import read
from hardware.simulated import SimulatedNfcField, SimulatedScanner, code_image, write_image_folder
from tests.patience import PATIENCE_S

app = typer.Typer()
app.command()(read)

NASTY = "\x1b[31mred\x1b]0;title\x07 ‮txt.exe \x00\x9b2J \r\n"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = write_image_folder(tmp_path / "cards", [code_image("GH-1"), code_image("GH-2", "Code128")])
    (folder / "readme.txt").write_text("not a picture")
    return folder


def test_one_line_a_code_with_picture_format_and_text(pictures: Path) -> None:
    done = run("--image", pictures / "0000.png", pictures / "0001.png")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{pictures / '0000.png'}  QRCode  GH-1",
        f"{pictures / '0001.png'}  Code128  GH-2",
    ]


def test_a_folder_stands_for_its_pictures_and_json_for_one_object_a_code(pictures: Path) -> None:
    done = run("--image", pictures, "--json")
    assert done.exit_code == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["image"], row["format"], row["text"]) for row in rows] == [
        (str(pictures / "0000.png"), "QRCode", "GH-1"),
        (str(pictures / "0001.png"), "Code128", "GH-2"),
    ]
    assert all(len(row["position"]) == 4 and "bytes" not in row for row in rows)


def test_a_picture_without_a_code_is_named_and_all_formats_may_help(pictures: Path) -> None:
    Image.new("RGB", (300, 200), "white").save(pictures / "blank.png")
    code_image("GH-3", "DataMatrix").save(pictures / "matrix.png")
    done = run("--image", pictures, "--image", pictures / "0000.png")
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 3
    assert f"{pictures / 'blank.png'}: no code found" in done.stderr
    assert f"{pictures / 'matrix.png'}: no code found" in done.stderr
    assert "--all-formats" in done.stderr
    everything = run("--image", pictures / "matrix.png", "--all-formats")
    assert (everything.exit_code, everything.stderr) == (0, "")
    assert everything.stdout.endswith("  DataMatrix  GH-3\n")


def test_what_cannot_be_opened_is_said_and_the_rest_is_read(pictures: Path) -> None:
    (pictures / "broken.png").write_bytes(b"nothing")
    (pictures / "page.pdf").write_bytes(b"%PDF-1.7")
    (pictures.parent / "empty").mkdir()
    os.mkfifo(pictures.parent / "pipe.png")
    gone = [pictures / "missing.png", pictures / ("long" * 99), pictures / "broken.png" / "below.png"]
    arguments = [*gone, pictures / "page.pdf", pictures.parent / "pipe.png", pictures.parent / "empty", pictures]
    done = run("--image", *arguments)
    assert done.exit_code == 2
    assert [line.rsplit("  ", 1)[1] for line in done.stdout.splitlines()] == ["GH-1", "GH-2"]
    assert "missing.png: there is no such file" in done.stderr
    assert "long: it cannot be read (File name too long)" in done.stderr
    assert "below.png: there is no such file" in done.stderr
    assert "pipe.png: it is no file" in done.stderr
    assert "page.pdf: PDF is not supported" in done.stderr
    assert "empty: the folder holds no pictures" in done.stderr
    assert "broken.png: it is no picture" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_may_not_be_read_does_not_keep_the_others_from_it() -> None:
    """The command's own check would end the call before the first picture."""
    options = get_type_hints(read, include_extras=True)
    assert [options[name].__metadata__[0].readable for name in ("images", "more_images")] == [False, False]


def test_nothing_that_a_terminal_acts_on_is_printed(tmp_path: Path) -> None:
    path = tmp_path / "nasty\x1b[2J.png"
    code_image(NASTY).save(path)
    for arguments in (["--image", path], ["--image", path, "--json"], ["--image", tmp_path / "no\x1b[2J.png"]):
        done = run(*arguments)
        shown = done.stdout + done.stderr
        assert shown
        assert all(character.isprintable() or character == "\n" for character in shown)
    assert json.loads(run("--image", path, "--json").stdout)["text"] == NASTY


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain Ünïcode 名", "plain Ünïcode 名"),
        ("\x1b[0m", "\\x1b[0m"),
        ("a\\x1b", "a\\\\x1b"),
        ("‮⁦\u200f", "\\u202e\\u2066\\u200f"),
        ("\U000e0041\n\x7f\x85", "\\U000e0041\\x0a\\x7f\\x85"),
    ],
)
def test_escapes_are_unambiguous(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_bytes_that_are_no_text_are_given_in_hexadecimal(tmp_path: Path) -> None:
    code_image(b"\xff\x00\xfe").save(tmp_path / "binary.png")
    assert json.loads(run("--image", tmp_path / "binary.png", "--json").stdout)["bytes"] == "ff00fe"
    assert "bytes ff00fe" in run("--image", tmp_path / "binary.png").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which reader"),
        (["card.png"], "--image card.png"),
        (["--image", "a.png", "--driver", "serial"], "does not go with"),
        (["--driver", "serial"], '"port" is missing'),
        (["--driver", "serial", "--port", "x", "--source", "0"], 'unknown key "source"'),
        (["--config", "/nowhere.toml"], "cannot be read"),
    ],
)
def test_a_wrong_call_is_refused_with_what_to_write(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("content", ["", "readers = 3", "[[readers]", "[readers]\nname='x'"])
def test_a_wrong_configuration_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "door.toml").write_text(content)
    done = run("--config", tmp_path / "door.toml")
    assert done.exit_code == 2
    assert "door.toml" in done.stderr


@contextmanager
def start(*arguments: object) -> "Iterator[subprocess.Popen[str]]":
    """The command in a process of its own, which does not outlive the block."""
    command = [sys.executable, "-m", "gatehouse", "read", *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def ready(child: "subprocess.Popen[str]") -> None:
    assert child.stderr is not None
    while not child.stderr.readline().endswith("ready\n"):
        assert child.poll() is None


def test_a_scanner_is_read_until_ctrl_c() -> None:
    with SimulatedScanner() as scanner, start("--driver", "serial", "--port", scanner.port) as child:
        ready(child)
        scanner.present(b"GH-1\x1b[2J")
        assert child.stdout is not None
        assert child.stdout.readline() == "serial  barcode  GH-1\\x1b[2J\n"
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE_S) == 0


def test_a_reader_that_is_not_there_says_why_and_what_to_look_at(tmp_path: Path) -> None:
    """One sentence, and a status that a script can see."""
    with start("--driver", "serial", "--port", tmp_path / "no-tty") as child:
        assert child.stderr is not None
        said = [child.stderr.readline() for _ in range(3)]
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE_S) == 1
    why = f"serial: cannot open {tmp_path / 'no-tty'}: No such file or directory. Is it plugged in"
    assert said[0] == "serial: starting\n"
    assert said[1].startswith(why)
    assert said[2] == "serial: lost\n"


def test_the_readers_of_a_configuration_file_are_read_together_until_the_count(tmp_path: Path) -> None:
    with SimulatedScanner() as scanner, SimulatedNfcField() as field:
        config = tmp_path / "door.toml"
        config.write_text(
            f'[[readers]]\nname = "front"\ndriver = "serial"\nport = "{scanner.port}"\n'
            f'[[readers]]\nname = "pad"\ndriver = "nfc"\ndevice = "{field.device}"\n'
        )
        with start("--config", config, "--json", "--count", 2) as child:
            ready(child)
            ready(child)
            scanner.present(b"\xff")
            assert child.stdout is not None
            first = json.loads(child.stdout.readline())
            field.tap(bytes.fromhex("04A224B2C35280"), hold_s=3)
            second = json.loads(child.stdout.readline())
            assert child.wait(PATIENCE_S) == 0
    assert (first["reader"], first["technology"], first["bytes"]) == ("front", "barcode", "ff")
    assert (second["reader"], second["symbology"], second["text"]) == ("pad", "UID", "04A224B2C35280")


def test_a_recording_is_read_to_its_end(pictures: Path) -> None:
    done = run("--driver", "camera", "--source", pictures)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == ["camera  QRCode  GH-1", "camera  Code128  GH-2"]
    assert done.stderr.splitlines() == ["camera: starting", "camera: ready", "camera: stopped"]


def test_help_needs_no_vendor_library() -> None:
    code = (
        "import sys; from gatehouse.commands import read;"
        "print([m for m in ('cv2', 'nfc', 'numpy', 'serial') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
