"""Replaced-token detection: a generator's guesses in the text, and a model that tells them."""
