"""Scores of run folders as plain rows, and two folders beside each other."""
