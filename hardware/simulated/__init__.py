"""The far end of each wire: a scanner on a pty, a card over UDP, a camera over HTTP, a relay board and an
input board on ptys.

Each speaks the real wire to the real driver, so the demo and the tests run the code that a door runs.
"""

from hardware.simulated.camera import SimulatedCamera, write_image_folder, write_video
from hardware.simulated.codes import code_image
from hardware.simulated.input_board import SimulatedInputBoard
from hardware.simulated.nfc_field import SimulatedNfcField
from hardware.simulated.relay_board import RelayEvent, SimulatedRelayBoard
from hardware.simulated.scanner import SimulatedScanner

__all__ = [
    "RelayEvent",
    "SimulatedCamera",
    "SimulatedInputBoard",
    "SimulatedNfcField",
    "SimulatedRelayBoard",
    "SimulatedScanner",
    "code_image",
    "write_image_folder",
    "write_video",
]
