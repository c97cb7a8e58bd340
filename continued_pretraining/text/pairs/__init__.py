"""Sentence pairs: found, tokenised, joined on their keys as they are drawn."""
