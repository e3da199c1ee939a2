"""Finding a family, and what its account page shows besides the activity."""
