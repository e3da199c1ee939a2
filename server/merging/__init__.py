"""Two rows that are one person, or two accounts that are one family: found, compared, made one with both histories."""
