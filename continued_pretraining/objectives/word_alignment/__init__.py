"""States of words compared with their static vectors, over a whole update at once."""
