"""The centre: the database, the broker, ingest, the feed and the web. It decides nothing at a door; it remembers."""
