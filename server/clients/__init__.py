"""Finding people among many: the search and its index, the list with its filters, tags, saved lists, exports."""
