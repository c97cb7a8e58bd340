"""What a report reads."""
