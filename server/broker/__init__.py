"""The pipe to the doors: a broker inside the server, or any other by its URL; and the centre's own connection to it.

The broker is replaceable and nothing relies on its memory: what matters is in a database at either end.
"""
