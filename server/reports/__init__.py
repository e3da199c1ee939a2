"""The Access points report: which entries, how many of them by what, and who was inside when."""
