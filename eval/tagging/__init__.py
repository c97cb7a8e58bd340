"""Tagging: the reading of tagged sentences, rows, entities and their scores."""
