"""Webhooks: other programs hear of events, signed, at least once, in the order they can take them."""
