"""Drivers: bytes in from readers, signals out to relays.

Knows no business word and imports no other room. Everything outside uses `hardware.api` and
`hardware.loader`; vendor libraries are imported by driver modules only, when the configuration names them.
"""
