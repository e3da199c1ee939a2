"""A wrong table is refused with words that say what to write; a right one loads the driver it names."""

import subprocess
import sys
from typing import Any

import pytest

from hardware.api import Technology
from hardware.errors import ReaderConfigError
from hardware.loader import load_reader, load_relay

SERIAL = {"name": "front", "driver": "serial", "port": "/dev/ttyACM0"}
CAMERA = {"name": "cam", "driver": "camera", "source": 0}
NFC = {"name": "pad", "driver": "nfc", "device": "usb"}


@pytest.mark.parametrize(
    ("table", "technology"),
    [
        (SERIAL, Technology.BARCODE),
        (SERIAL | {"baud": 115200, "terminator": "lf", "frame_timeout_ms": 50}, Technology.BARCODE),
        (NFC | {"identity": "ndef"}, Technology.NFC),
        (CAMERA | {"formats": ["QRCode", "Code128"], "region": [0, 0.25, 1, 0.5]}, Technology.CAMERA),
    ],
)
def test_a_right_table_loads_its_driver(table: dict[str, Any], technology: Technology) -> None:
    reader = load_reader(table)
    assert (reader.name, reader.technology) == (table["name"], technology)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, '"name" is missing'),
        ({"name": 7}, '"name" must be a text'),
        ({"name": "x"}, '"driver" is missing; it must be one of "serial", "nfc", "camera"'),
        ({"name": "x", "driver": "usb"}, "must be one of"),
        ({"name": "x", "driver": "serial"}, '"port" is missing'),
        (SERIAL | {"bauds": 1}, 'unknown key "bauds"; allowed here: baud, driver, frame_timeout_ms, name'),
        (SERIAL | {"baud": "9600"}, '"baud" must be a whole number'),
        (SERIAL | {"baud": True}, '"baud" must be a whole number'),
        (SERIAL | {"terminator": "crlf"}, '"any", "cr", "lf"'),
        (NFC | {"device": "pcsc"}, '"device" must be "usb"'),
        (NFC | {"identity": "UID"}, '"uid", "ndef"'),
        (CAMERA | {"source": True}, '"source" must be a camera number'),
        (CAMERA | {"source": None}, '"source" is missing'),
        (CAMERA | {"formats": ["QR"]}, "'QR' is no code format; write some of"),
        (CAMERA | {"formats": []}, "must be a list of texts"),
        (CAMERA | {"region": [0, 0, 100, 100]}, "four fractions"),
        (CAMERA | {"region": [0.5, 0, 0.6, 1]}, "four fractions"),
        (CAMERA | {"repeat_after_s": "3"}, '"repeat_after_s" must be a number'),
        (CAMERA | {"loop": 1}, "must be true or false"),
    ],
)
def test_a_wrong_table_is_refused_with_what_to_write_instead(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ReaderConfigError) as caught:
        load_reader(table)
    assert said in str(caught.value)


def test_a_wrong_relay_table_is_refused() -> None:
    with pytest.raises(ReaderConfigError, match='relay "door": "channel" must be a whole number from 1 to 8'):
        load_relay({"name": "door", "driver": "serial", "port": "/dev/ttyUSB0", "channel": 9})


def test_the_api_and_the_loader_import_no_vendor_library() -> None:
    code = (
        "import sys, hardware.api, hardware.loader, hardware.supervisor;"
        "print([m for m in ('cv2', 'nfc', 'numpy', 'serial', 'zxingcpp', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
