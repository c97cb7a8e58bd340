"""`x2static languages analyse`."""
