"""Dictionaries without a download: seed words in the box, and those that sentence pairs hold."""
