"""What is learned: each objective with its loss, its parameters and its figures."""
