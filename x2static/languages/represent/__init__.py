"""`x2static languages represent`."""
