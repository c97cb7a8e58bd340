"""Question answering: the reading of SQuAD's JSON, windows, answers and their scores."""
