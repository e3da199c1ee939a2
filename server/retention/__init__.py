"""How long what is kept, and the job that acts on it: movements become counts, the rest goes. Never a use of a pass."""
