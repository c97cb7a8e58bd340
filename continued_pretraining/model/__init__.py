"""The masked language model: loaded or made from scratch, taken apart, text sent through it."""
