"""Where new embeddings start: each rule says of which old rows a new one is made."""
