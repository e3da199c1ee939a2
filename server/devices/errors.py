"""What a door is told that may not ask any more.

ServerError
└── DeviceRevoked 401   this door has been ended; the answer proves it under the centre's seal
"""

from __future__ import annotations

from server.errors import ServerError

__all__ = ["DeviceRevoked"]


class DeviceRevoked(ServerError):
    """Said only to whoever knows the device's secret. `proof` is a sealed `Revocation`."""

    status = 401
    code = "device_revoked"

    def __init__(self, proof: str) -> None:
        super().__init__("this device is revoked")
        self.extensions = {"proof": proof}
