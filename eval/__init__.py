"""Vectors or a checkpoint and gold data to scores, a room for each evaluation.

A room holds its settings (``config``), its stage, its scores. Import from the modules (``from
eval.bli.score import ...``): the package's name hides the builtin.
"""
