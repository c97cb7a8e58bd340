"""How the small teacher is made: English vectors, items, a bag of pieces, blocks over it."""
