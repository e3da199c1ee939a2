"""Membership cards: the credentials behind them, their templates, and the PDF that is printed."""
