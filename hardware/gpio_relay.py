"""A relay on a GPIO pin of a Raspberry Pi or similar board, through gpiozero (an optional package)."""

from typing import Any, Self

from hardware.config import Table
from hardware.errors import ReaderConfigError, RelayLost
from hardware.pulses import PulseTimer

__all__ = ["GpioRelay"]


class GpioRelay:
    """A Relay on one pin (BCM number). `active_high` false suits boards that switch on a low level."""

    def __init__(self, *, name: str, pin: int, active_high: bool = True) -> None:
        self.name = name
        self._pin = pin
        self._active_high = active_high
        self._output: Any = None
        self._pulse = PulseTimer(self._switch_on, self._switch_off)

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """From `{pin, active_high}`. Raises ReaderConfigError."""
        pin = table.integer("pin", low=0, high=53)
        return cls(name=table.name, pin=pin, active_high=table.flag("active_high", True))

    def open(self) -> None:
        """Take the pin, switched off. Raises ReaderConfigError without gpiozero, RelayLost without the pin."""
        self.close()
        try:
            import gpiozero
        except ImportError as error:
            raise ReaderConfigError(
                f'relay "{self.name}": driver "gpio" needs the package gpiozero, which is not installed; '
                'on a Raspberry Pi: pip install "gatehouse[raspberry-pi]" and apt install python3-lgpio'
            ) from error
        try:
            self._output = gpiozero.DigitalOutputDevice(self._pin, active_high=self._active_high, initial_value=False)
        except Exception as error:  # gpiozero raises its own tree and whatever the pin library does
            raise RelayLost(f"cannot take GPIO pin {self._pin}") from error

    def pulse(self, seconds: float) -> None:
        """Switch on, and off after `seconds`. Raises RelayLost."""
        self._pulse.pulse(seconds)

    def close(self) -> None:
        """Switch off and give the pin back."""
        self._pulse.cancel()
        output, self._output = self._output, None
        if output is not None:
            output.off()
            output.close()

    def _switch_on(self) -> None:
        if self._output is None:
            raise RelayLost(f"GPIO pin {self._pin} is not open")
        self._output.on()

    def _switch_off(self) -> None:
        if self._output is not None:
            self._output.off()
