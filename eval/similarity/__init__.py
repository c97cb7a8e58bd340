"""Word similarity: vectors and people's judgements to correlations."""
