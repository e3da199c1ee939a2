"""The law of the door: what decides, and what crosses the network. No I/O; shared by door and centre."""
