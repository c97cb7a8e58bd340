"""`x2static languages cluster`."""
