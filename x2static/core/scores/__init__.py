"""What scores are worth: intervals, and comparisons of scores of the same items."""
