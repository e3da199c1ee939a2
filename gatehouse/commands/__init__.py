"""The commands, one file each; `gatehouse.cli` puts them together."""
