"""Vectors or a checkpoint and gold data to scores, a room for each evaluation.

A room holds its settings (``config``), its stage, its scores, and the ``descriptor`` that the
pipeline and the report read. Import from the modules (``from eval.bli.score import ...``): the
package's name hides the builtin.
"""
