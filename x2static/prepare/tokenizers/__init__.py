"""Tokenizers: paragraphs in, sentences out, each sentence with its words joined by one space."""
