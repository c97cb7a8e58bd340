"""Languages that were added to a model afterwards: each a file that lies beside the model."""
