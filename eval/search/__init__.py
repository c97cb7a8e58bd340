"""Nearest neighbours for scoring: indexes, the penalty of CSLS, ranks of gold answers."""
