"""What crosses the network between door and centre: versioned, strict, signed where the centre speaks."""
