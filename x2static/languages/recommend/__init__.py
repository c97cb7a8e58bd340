"""`x2static languages recommend`."""
