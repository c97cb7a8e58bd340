"""What scores of the same items say beside each other."""
