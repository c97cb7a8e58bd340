"""Vectors of sentences: mean states against those of translations, or against given vectors."""
