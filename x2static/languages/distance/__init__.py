"""`x2static languages distance`."""
