"""Sentence retrieval: parallel sentences and a model, or vectors, to accuracy."""
