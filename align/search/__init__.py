"""Decide on held-out pairs: how a dictionary is divided, what is tried, what is best."""
