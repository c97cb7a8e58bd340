"""Sentences of text files, found by sentences of other languages."""
