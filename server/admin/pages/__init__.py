"""The back office's own pages, each a view of the frame: parse the request, ask once, show a template."""
