"""What is to be done, and what of it was done."""
