"""Natural language inference and paraphrases after fine-tuning: `x2static eval nli`."""
