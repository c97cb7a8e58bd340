"""A language added to a model: its tokenizer, where its embeddings start, and their training."""
