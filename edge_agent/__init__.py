"""The door: cache, ledger, decision pipeline, uplink, feed, pictures, local web. Records first, then releases."""
