"""The course of a run: updates, validation, checkpoints, figures."""
