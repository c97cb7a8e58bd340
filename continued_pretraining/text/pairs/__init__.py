"""Sentence pairs: found, tokenized, joined on their keys as they are drawn."""
