"""Pictures of people, named by the SHA-256 of their bytes, on disk."""
