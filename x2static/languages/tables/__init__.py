"""Tables of languages: distances of every two, scores of transfer from one to another."""
