"""Bringing records in from elsewhere: one set of schemas and one upsert, for files and for the REST API."""
