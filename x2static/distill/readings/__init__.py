"""What is read: sentences, occurrences, states."""
