"""What lies under a model's name: checked, read with the transformers library, saved again."""
