"""Look at sentence pairs before training on them: how many, drawn how often, how clean."""
