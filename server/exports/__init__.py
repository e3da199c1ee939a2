"""Files that staff take away: one writer for each format, whatever the page."""
