"""Vectors or a checkpoint and gold data to scores: translation, similarity, retrieval.

Import from the modules (``from eval.bli import ...``): the package's name hides the builtin.
"""
