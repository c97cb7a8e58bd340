"""Bring the vectors of two or more languages into one space."""
