"""What the fine-tuned evaluations share: models, batches, the course, the shelf, the tables."""
