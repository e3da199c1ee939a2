"""The centre's own desk: what staff do in the back office is an event too, made by a device of the centre."""
