"""The dictionary that a shared space implies, as a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from align.problem import Resources
from align.refine.growth import mutual_neighbors
from align.vecmap.alignment import LanguageMap
from x2static.core.normalize import unit
from x2static.core.storage.files import Stage, staged
from x2static.core.vectors import WordVectors


def write_induced(
    path: Path,
    source: WordVectors,
    target: WordVectors,
    source_map: LanguageMap,
    target_map: LanguageMap,
    cutoff: int,
    csls: int = 10,
    stage: Stage = staged,
) -> int:
    """Write mutual CSLS neighbours as ``source TAB target TAB cosine``; returns their number.

    Args:
        path: the file.
        source: vectors of the source language.
        target: vectors of the target language.
        source_map: takes the source into the shared space.
        target_map: takes the target there.
        cutoff: most frequent words per side; 0 means all.
        csls: neighbours of CSLS.
        stage: where the file goes.
    """
    x = unit(source_map.apply(source.matrix[: cutoff or None]))
    z = unit(target_map.apply(target.matrix[: cutoff or None]))
    pairs = mutual_neighbors(x, z, Resources(), csls)
    cosines = np.einsum("ij,ij->i", x[pairs.source], z[pairs.target])
    lines = [
        f"{source.words[i]}\t{target.words[j]}\t{cosine:.4f}\n"
        for i, j, cosine in zip(*(rows.tolist() for rows in pairs), cosines.tolist(), strict=True)
    ]
    with stage(path) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return len(lines)
