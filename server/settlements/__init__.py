"""Flagged events settled: what collided, what it would cost, and what an admin decided about it."""
