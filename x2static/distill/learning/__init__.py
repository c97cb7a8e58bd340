"""How vectors are learned from readings."""
