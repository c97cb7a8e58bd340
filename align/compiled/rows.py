"""Tops of rows: compiled where numba is there, in plain numpy where it is not."""

from __future__ import annotations

from x2static.core.errors import WorkbenchError

try:
    from align.compiled.top import ranked_of_rows, score_of_ranks, top_of_rows
except WorkbenchError:  # slower, and the same to the bit
    from align.compiled.plain import ranked_of_rows, score_of_ranks, top_of_rows

__all__ = ["ranked_of_rows", "score_of_ranks", "top_of_rows"]
