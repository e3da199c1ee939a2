"""From a configuration table to a driver. A driver's module is imported only when a table names it."""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from hardware.api import Barrier, Reader, Relay
from hardware.config import Table

__all__ = ["BARRIER_DRIVERS", "READER_DRIVERS", "RELAY_DRIVERS", "load_barrier", "load_reader", "load_relay"]

READER_DRIVERS = {
    "serial": "hardware.serial_scanner:SerialScanner",
    "nfc": "hardware.nfc_reader:NfcReader",
    "camera": "hardware.camera:CameraReader",
}
RELAY_DRIVERS = {
    "serial": "hardware.serial_relay:SerialRelay",
    "gpio": "hardware.gpio_relay:GpioRelay",
}

BARRIER_DRIVERS = {
    "modbus": "hardware.modbus_barrier:ModbusBarrier",
    "gpio": "hardware.gpio_barrier:GpioBarrier",
}


def load_reader(config: Mapping[str, object]) -> Reader:
    """The reader that one `[[readers]]` table describes, not yet opened. Raises ReaderConfigError."""
    return cast(Reader, _load(Table(config, kind="reader"), READER_DRIVERS))


def load_relay(config: Mapping[str, object]) -> Relay:
    """The relay that one `[[relays]]` table describes, not yet opened. Raises ReaderConfigError."""
    return cast(Relay, _load(Table(config, kind="relay"), RELAY_DRIVERS))


def load_barrier(config: Mapping[str, object]) -> Barrier:
    """The barrier that one `[[barriers]]` table describes, not yet opened. Raises ReaderConfigError."""
    return cast(Barrier, _load(Table(config, kind="barrier"), BARRIER_DRIVERS))


def _load(table: Table, drivers: Mapping[str, str]) -> object:
    module_name, _, class_name = drivers[table.choice("driver", tuple(drivers))].partition(":")
    driver = getattr(import_module(module_name), class_name)
    device: object = driver.from_table(table)
    table.end()
    return device
