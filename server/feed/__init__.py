"""The numbered log of changes: what doors know of people, passes and access points, and how they hear of it."""
