"""Bilingual lexicon induction: aligned vectors and a dictionary to precision, MRR, coverage."""
