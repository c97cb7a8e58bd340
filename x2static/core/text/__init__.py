"""Text files: corpora, lexicons, sentence pairs."""
