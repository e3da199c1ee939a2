"""Activities, their occurrences and who is registered: made by hand, and the one way their rows are written."""
