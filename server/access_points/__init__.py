"""An access point's settings as a form that people fill in, and saving it without surprises."""
