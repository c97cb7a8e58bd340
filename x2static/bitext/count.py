"""``x2static bitext count``: sentence pairs of every two languages, and how they would be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.bitext.collection import find_collection
from x2static.bitext.config import BitextCountConfig
from x2static.core.errors import ConfigError
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.text.pair_sampling import SAMPLINGS, PairShares, sample_pairs


def count(config: BitextCountConfig) -> Outcome:
    """Run ``x2static bitext count``."""
    collection = find_collection(config.files)
    languages = collection.languages
    if config.hub not in languages:
        raise ConfigError(f"--hub {config.hub}: not among the languages: {', '.join(languages)}")
    by_source = {}
    with Progress("counting", len(collection.sources), "sources") as bar:
        for source in collection.sources:
            by_source[source] = collection.counts(source)
            bar.advance(1)
    counts = np.sum(list(by_source.values()), axis=0)
    hub = languages.index(config.hub)
    shares = {name: sample_pairs(counts, name, config.temperature, hub) for name in SAMPLINGS}
    pairs = _pairs(languages, counts, by_source, shares)
    sampling = {name: _about(found, counts) for name, found in shares.items()}
    data = {"languages": languages, "pairs": pairs, "sampling": sampling}
    lines = [*_heat_map(languages, counts), "", *_list(pairs, config.top)]
    lines += ["", *_sampling(sampling, config.temperature)]
    return Outcome("\n".join(lines), data)


def _pairs(
    languages: list[str],
    counts: NDArray[np.int64],
    by_source: dict[str, NDArray[np.int64]],
    shares: dict[Any, PairShares],
) -> list[dict[str, Any]]:
    """A row for every two languages with a pair, most pairs first; shares of both directions."""
    rows = [
        {
            "pair": f"{languages[i]}-{languages[j]}",
            "sentences": int(counts[i, j]),
            "sources": {name: int(own[i, j]) for name, own in by_source.items() if own[i, j]},
            "shares": {name: 2 * float(found.shares[i, j]) for name, found in shares.items()},
        }
        for i, j in zip(*np.nonzero(np.triu(counts)), strict=True)
    ]
    return sorted(rows, key=lambda row: (-row["sentences"], row["pair"]))


def _about(found: PairShares, counts: NDArray[np.int64]) -> dict[str, Any]:
    return {
        "density": found.density(counts),
        "used": found.used(counts),
        "meets_marginals": found.meets_marginals,
        "misses": found.misses,
    }


def _heat_map(languages: list[str], counts: NDArray[np.int64]) -> list[str]:
    """The matrix with as many digits as a cell's count has; a dot for none."""
    width = max(map(len, languages))
    lines = ["digits of the number of sentence pairs (4: 1,000 to 9,999)"]
    lines.append(" " * width + "".join(f"{code:>{width + 1}}" for code in languages))
    for code, row in zip(languages, counts.tolist(), strict=True):
        cells = "".join(f"{len(str(n)) if n else '.':>{width + 1}}" for n in row)
        lines.append(f"{code:>{width}}{cells}")
    return lines


def _list(pairs: list[dict[str, Any]], top: int) -> list[str]:
    total = sum(row["sentences"] for row in pairs)
    lines = [f"{len(pairs):,} pairs of languages, {total:,} sentence pairs"]
    if pairs and top:
        lines.append(f"{'pair':10}{'sentences':>12}" + "".join(f"{n:>14}" for n in SAMPLINGS))
    for row in pairs[:top]:
        shares = "".join(f"{100 * row['shares'][name]:>12.2f} %" for name in SAMPLINGS)
        lines.append(f"{row['pair']:10}{row['sentences']:>12,}{shares}")
    return lines


def _sampling(found: Mapping[Any, dict[str, Any]], temperature: float) -> list[str]:
    lines = [f"sampling at temperature {temperature:.3g}"]
    for name, about in found.items():
        line = (
            f"  {name:12} draws {100 * about['density']:5.1f} % of the pairs of languages, "
            f"{100 * about['used']:5.1f} % of the sentence pairs"
        )
        if not about["meets_marginals"]:
            line += (
                f"; no shares have the marginals asked for: one is missed by "
                f"{100 * about['misses']:.1f} points"
            )
        lines.append(line)
    return lines
