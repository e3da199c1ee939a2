"""The lists and forms that starlette-admin makes of our tables, each in its organization and behind its permission."""
