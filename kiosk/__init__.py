"""The face of a door: what a decision looks like to the visitor, and the page that shows it. Draws; never decides."""
