"""gensim's own save format, a pickle: written by gensim, read only where the user trusts it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from x2static.core.errors import VectorFormatError, require
from x2static.core.formats.collector import RowCollector
from x2static.core.formats.faults import Faults
from x2static.core.formats.words import check_writable
from x2static.core.storage.files import Stage, describe_os_error, staged
from x2static.core.vectors import WordVectors


def is_pickle(head: bytes) -> bool:
    """True where bytes begin like a pickle of protocol 2 or later, as no text in UTF-8 can."""
    return len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5


def read_gensim(
    path: Path, limit: int | None, faults: Faults, *, allow_pickle: bool
) -> WordVectors:
    """Read KeyedVectors, or the vectors of a saved gensim model.

    Raises:
        VectorFormatError: without ``allow_pickle``, before anything of the file is executed.
    """
    if not allow_pickle:
        raise VectorFormatError(
            f"{path}: a gensim (pickle) file can run any program when it is read; "
            "pass --allow-pickle if you trust its maker"
        )
    keyed = _load(path)
    words, matrix = list(keyed.index_to_key), np.asarray(keyed.vectors, dtype=np.float32)
    collector = RowCollector(matrix.shape[1], len(words), limit, faults)
    collector.add_block([str(word) for word in words], matrix[: len(words)], 1)
    vectors = collector.vectors()
    counts = keyed.expandos.get("count")
    if counts is None:
        return vectors
    rows = [keyed.key_to_index[word] for word in vectors.words]
    return WordVectors(vectors.words, vectors.matrix, np.asarray(counts, dtype=np.int64)[rows])


def write_gensim(vectors: WordVectors, path: Path, stage: Stage = staged) -> None:
    """Save KeyedVectors through gensim, as one file."""
    keyed_vectors = require("gensim.models.keyedvectors", "gensim", "--format gensim")
    check_writable(vectors, path)
    if path.suffix == ".gz":
        raise VectorFormatError(f"{path}: gensim's format is not compressed; leave out .gz")
    keyed = keyed_vectors.KeyedVectors(vectors.width, count=0, dtype=np.float32)
    keyed.add_vectors(list(vectors.words), np.asarray(vectors.matrix))
    if vectors.counts is not None:
        # add_vectors(extras=...) of gensim 4 fails on any extra; this is where it would put them.
        keyed.expandos["count"] = np.array(vectors.counts)
    # gensim would note when it wrote which temporary file: other bytes each time.
    keyed.lifecycle_events = None
    with stage(path) as temporary:
        keyed.save(str(temporary), separately=[], sep_limit=sys.maxsize)


def _load(path: Path) -> Any:
    keyed_vectors = require("gensim.models.keyedvectors", "gensim", f"reading {path}")
    utils = require("gensim.utils", "gensim", f"reading {path}")
    try:
        loaded = utils.SaveLoad.load(str(path))
    except OSError as error:
        raise VectorFormatError(describe_os_error(path, error)) from error
    except Exception as error:  # a pickle may raise anything at all
        raise VectorFormatError(f"{path}: gensim cannot load it: {error!r}") from error
    loaded = getattr(loaded, "wv", loaded)
    if not isinstance(loaded, keyed_vectors.KeyedVectors):
        raise VectorFormatError(f"{path}: holds {type(loaded).__name__}, not gensim KeyedVectors")
    return loaded
