"""Nearest neighbours of all words at once: dictionary induction."""
