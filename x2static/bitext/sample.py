"""``x2static bitext sample``: sentence pairs to read."""

from __future__ import annotations

import numpy as np

from x2static.bitext.collection import find_collection
from x2static.bitext.config import BitextSampleConfig
from x2static.core.errors import DatasetError
from x2static.core.outcome import Outcome
from x2static.core.text.pair_sources import join_texts


def sample(config: BitextSampleConfig) -> Outcome:
    """Run ``x2static bitext sample``: one pass, a reservoir of the number wanted."""
    source, target = config.pair.split("-")
    collection = find_collection(config.files)
    rng = np.random.default_rng(config.seed)
    kept: list[dict[str, str]] = []
    seen = 0
    for name, (first, second) in collection.texts_of(source, target):
        for key, text, translation in join_texts(first, second):
            place = seen if seen < config.number else int(rng.integers(seen + 1))
            seen += 1
            if place < config.number:
                row = {"source": name, "key": key, source: text, target: translation}
                kept[place : place + 1] = [row]
    if not kept:
        raise DatasetError(
            f"--pair {config.pair}: no source has a key in both; languages: "
            f"{', '.join(collection.languages)}"
        )
    lines = [f"{len(kept):,} of {seen:,} sentence pairs {config.pair}"]
    for row in kept:
        lines += ["", f"{row['source']} {row['key']}", f"  {row[source]}", f"  {row[target]}"]
    return Outcome("\n".join(lines), {"pair": config.pair, "sentences": seen, "rows": kept})
