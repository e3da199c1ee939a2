"""Answering a door's question about one person, before it refuses."""
