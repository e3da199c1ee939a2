"""The REST API under `/api/v1`: the same records and the same upsert as imports, for programs with a token."""
