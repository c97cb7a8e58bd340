"""Vectors for words that have none of their own, composed of their letters."""
