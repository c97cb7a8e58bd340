"""What improves a map once there is one: further pairs, and contrastive polishing."""
