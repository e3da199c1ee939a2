"""The sample organization and what stands around it: portraits, printed cards, far ends, the card wall, the run."""
