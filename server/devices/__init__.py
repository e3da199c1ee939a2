"""Doors: how one comes to be, how it proves who it is, and how it ends."""
