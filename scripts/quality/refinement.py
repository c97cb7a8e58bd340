r"""MUSE's refinement beside `--preset bootstrap`, round by round, on released vectors.

    export X2STATIC_DATA=...   # folder with muse/ and vectors-zhang2017/
    .venv/bin/python scripts/quality/refinement.py --work WORK \
        --output docs/results/quality-refinement

MUSE is transcribed from its paper (Conneau et al. 2018, section 2) with the settings of its
supervised script: a rotation learned from the dictionary, then five times from the pairs that are
each other's nearest by CSLS among the 10,000 most frequent words, and from these alone. Every
map is scored by `eval bli` on the same test words.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import x2static  # noqa: E402
from scripts.results import parse, provenance, quality_parser, write_results  # noqa: E402
from x2static.core.scores.intervals import share_interval, shown  # noqa: E402
from x2static.core.text.lexicon import read_lexicon  # noqa: E402
from x2static.core.vectors import FloatMatrix, WordVectors  # noqa: E402

PAIRS = (("es-en", "es", "en"), ("es-en", "en", "es"), ("zh-en", "zh", "en"), ("zh-en", "en", "zh"))
ROUNDS = 5
OURS: dict[str, dict[str, Any]] = {
    "bootstrap": {}, "bootstrap, rotation": {"mapping": "orthogonal"}
}  # fmt: skip
MOST_FREQUENT, NEIGHBOURS = 10_000, 10


def rotation(source: FloatMatrix, target: FloatMatrix) -> FloatMatrix:
    """The rotation that brings rows of one matrix nearest to those of another."""
    left, _, right = np.linalg.svd(source.T @ target)
    return left @ right


def mutual_pairs(source: FloatMatrix, target: FloatMatrix) -> tuple[Any, Any]:
    """Rows that are each other's nearest by CSLS, of unit vectors by falling frequency."""
    cosines = source[:MOST_FREQUENT] @ target[:MOST_FREQUENT].T
    around = [
        np.sort(np.partition(side, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:], axis=1).mean(axis=1)
        for side in (cosines, cosines.T)
    ]
    scores = 2 * cosines - around[0][:, None] - around[1][None]
    there, back = scores.argmax(axis=1), scores.argmax(axis=0)
    rows = np.flatnonzero(back[there] == np.arange(len(there)))
    return rows, there[rows]


def as_muse(
    source: WordVectors, target: WordVectors, pairs: list[tuple[str, str]]
) -> Iterator[WordVectors]:
    """The mapped source after the dictionary alone, then after each round."""
    one, other = source.matrix, target.matrix  # as they are: MUSE normalises when asked to
    rows = [source.rows_of(p[0] for p in pairs), target.rows_of(p[1] for p in pairs)]
    for _ in range(ROUNDS + 1):
        mapped = one @ rotation(one[rows[0]], other[rows[1]])
        yield WordVectors(source.words, mapped)
        rows = list(mutual_pairs(_unit(mapped), _unit(other)))


def _unit(matrix: FloatMatrix) -> FloatMatrix:
    unit: FloatMatrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit


def rows_of(data: Path, work: Path) -> Iterator[dict[str, Any]]:
    """A row for each direction, way and round."""
    for folder, source_code, target_code in PAIRS:
        source, target = (
            _read(data / f"vectors-zhang2017/{folder}", code, work)
            for code in (source_code, target_code)
        )
        name = f"{source_code}-{target_code}"
        train = data / f"muse/train/{name}.0-5000.txt"
        test = data / f"muse/test/{name}.5000-6500.txt"
        pairs = [p for p in read_lexicon(train) if p[0] in source.index and p[1] in target.index]
        for number, mapped in enumerate(as_muse(source, target, pairs)):
            yield _scored(name, "MUSE", number, (mapped, target), test, len(pairs))
        for way, settings in OURS.items():
            for number in range(1, ROUNDS + 1):
                both = x2static.align(
                    source, target, pairs, preset="bootstrap", rounds=number, **settings
                )
                yield _scored(name, way, number, both, test, len(pairs))


def _scored(
    name: str, way: str, number: int, both: tuple[WordVectors, WordVectors], test: Path, pairs: int
) -> dict[str, Any]:
    found = {row["method"]: row for row in x2static.bli(*both, test, method=["nn", "csls"])}
    return {
        "pair": name, "way": way, "round": number, "pairs": pairs,
        "queries": found["csls"]["queries"], "coverage": found["csls"]["coverage"],
        "nn": found["nn"]["p@1"], "csls": found["csls"]["p@1"],
    }  # fmt: skip


def _read(folder: Path, code: str, work: Path) -> WordVectors:
    """Its words by falling frequency, as the file has them."""
    path = folder / f"word2vec.{code}"
    copy = work / f"{folder.name}.{code}.vec"
    copy.write_bytes(path.read_bytes())  # the name tells the format
    return x2static.read_vectors(copy)


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines = ["| pair | way | round | NN P@1 | CSLS P@1 | queries | pairs |", "|" + "---|" * 7]
    for row in rows:
        count = row["queries"]
        cells = [f"{100 * row['nn']:.2f}", f"{100 * row['csls']:.2f}"]
        cells[1] += f" {shown(share_interval(row['csls'], count))}"
        lines.append(
            f"| {row['pair']} | {row['way']} | {row['round']} | {' | '.join(cells)} | {count} | "
            f"{row['pairs']:,} |"
        )
    return "\n".join(lines) + "\n"


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    options = parse(quality_parser(__doc__ or ""), argv or sys.argv[1:])
    options.work.mkdir(parents=True, exist_ok=True)
    rows = list(rows_of(options.data, options.work))
    made = provenance(seeds=(0,), n="MUSE's test words in released 50-d vectors", repeats=1)
    write_results(options.output, rows, _markdown(rows), made)


if __name__ == "__main__":
    main()
