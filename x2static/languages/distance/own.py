"""The distances that need files of the user's: word lists, text, vectors, language means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import DatasetError
from x2static.core.text.corpus import iter_sentences
from x2static.core.text.sources import find_sources
from x2static.core.vector_file import read_vectors
from x2static.languages.measures.spaces import cosine_distances, overlap, spectral, varies
from x2static.languages.measures.words import lexical, read_word_list
from x2static.languages.represent.means import read_means
from x2static.languages.tables.distances import Matrix

Computed = tuple[str, Matrix, "NDArray[np.int64] | None"]


def lexical_kind(codes: Sequence[str], pattern: str) -> Computed:
    """Edit distances of the words in the files behind a pattern."""
    lists = {code: read_word_list(Path(pattern.replace("{}", code))) for code in codes}
    return ("lexical", *lexical(lists))


def piece_kind(codes: Sequence[str], model: str, text: Sequence[str], most: int) -> Computed:
    """How differently a tokenizer's pieces are used."""
    from x2static.core.errors import require
    from x2static.teacher.loading.hugging_face import quiet, read_tokenizer
    from x2static.teacher.pieces import WordPieces

    transformers = require("transformers", "distill", "reading a tokenizer")
    with quiet(transformers):
        pieces = WordPieces(read_tokenizer(transformers, model), model)
    files = files_of(codes, text, "--text")
    counts: list[Counter[int]] = []
    for code in codes:
        lines = (line for path in files[code] for line in iter_sentences(path))
        sentences = list(islice(lines, most))
        if not sentences:
            raise DatasetError(f"{files[code][0]}: empty; no text of '{code}'")
        counts.append(Counter(pieces.encode(sentences).ids.tolist()))
    return "pieces", overlap(counts), None


def space_kind(codes: Sequence[str], vectors: Sequence[str], most: int) -> Computed:
    """How differently static spaces spread."""
    files = files_of(codes, vectors, "--vectors")
    spaces: dict[str, Any] = {}
    for code in codes:
        spaces[code] = np.array(read_vectors(files[code][0], limit=most).matrix)
    return "spectral", spectral(spaces), None


def representation_kinds(codes: Sequence[str], folder: Path) -> list[Computed]:
    """Cosine distance of language means, as they are and centred, for every state saved."""
    means = read_means(folder)
    missing = [code for code in codes if code not in means.languages]
    if missing:
        raise DatasetError(
            f"--representations {folder}: nothing of {' '.join(missing)}; there are: "
            f"{' '.join(means.languages)}"
        )
    rows = [means.languages.index(code) for code in codes]
    found: list[Computed] = []
    for place, state in enumerate(means.states):
        for centred, name in ((False, f"{state}.raw"), (True, f"{state}.centred")):
            mine = means.of(place)[rows]
            matrix = cosine_distances(mine, centred=centred)
            if not varies(mine):  # nothing to tell languages apart by
                matrix = np.where(np.eye(len(mine)), 0.0, np.nan)
            found.append((f"representation.{name}", matrix, None))
    return found


def files_of(codes: Sequence[str], patterns: Sequence[str], flag: str) -> dict[str, list[Path]]:
    """The files of each language.

    Raises:
        DatasetError: a language without a file.
    """
    files = find_sources(patterns, flag)
    missing = [code for code in codes if code not in files]
    if missing:
        raise DatasetError(f"{flag}: no file of {' '.join(missing)}; there are: {' '.join(files)}")
    return files
