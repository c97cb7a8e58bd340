"""Text as pieces: files, tokenizer, the stream of sequences, micro-batches."""
