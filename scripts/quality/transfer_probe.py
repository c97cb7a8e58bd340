"""Inference without fine-tuning: a linear classifier on a frozen teacher's states of two sentences.

Fine-tuning on 2,490 pairs and reading 15 test sets takes ten minutes of a processor core for each
source language; this takes seconds once all sentences are encoded, so that every language can be a
source, under many seeds. What it measures is how alike the teacher's space is in two languages.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
LABELS = ("contradiction", "entailment", "neutral")
STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2)  # C of scikit-learn; chosen on development pairs
FOLDS, SHARE = 3, 0.8


@dataclass(frozen=True)
class Pairs:
    """Pairs of a language.

    Attributes:
        features: (N, F) of each pair.
        labels: (N,) numbers of `LABELS`.
        premises: (N,) number of each pair's premise.
    """

    features: Values
    labels: NDArray[np.int64]
    premises: NDArray[np.int64]


def features_of(first: Values, second: Values) -> Values:
    """(N, 4D): both unit vectors, their distance and their product by coordinate."""
    u, v = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9) for x in (first, second))
    return np.concatenate([u, v, np.abs(u - v), u * v], axis=1)


def read_pairs(path: Path, labels: Sequence[str] | None = None) -> list[tuple[str, str, str]]:
    """(first, second, label), the label in the third column or from the list."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [line.rstrip("\n").split("\t") for line in stream]
    said = labels or [row[2] for row in rows]
    return [(row[0], row[1], label) for row, label in zip(rows, said, strict=True)]


def thinned(rows: Sequence[tuple[str, str, str]], every: int) -> list[tuple[str, str, str]]:
    """Every so-manieth premise with its three hypotheses."""
    return [row for place, row in enumerate(rows) if place // 3 % every == 0]


def encoded(encoder: Any, rows: Sequence[tuple[str, str, str]], place: Path) -> Pairs:
    """The pairs' features; states are kept in ``place``."""
    if not place.exists():
        texts = list(dict.fromkeys(text for row in rows for text in row[:2]))
        numbers = {text: number for number, text in enumerate(texts)}
        states = encoder().encode(texts)
        place.parent.mkdir(parents=True, exist_ok=True)
        pairs = np.array([[numbers[row[0]], numbers[row[1]]] for row in rows])
        with place.with_suffix(".part").open("wb") as stream:
            np.savez(stream, states=states, pairs=pairs)
        place.with_suffix(".part").rename(place)
    kept = np.load(place)
    states, pairs = kept["states"], kept["pairs"]
    labels = np.array([LABELS.index(row[2]) for row in rows])
    features = features_of(states[pairs[:, 0]], states[pairs[:, 1]])
    return Pairs(features, labels, np.arange(len(rows)) // 3)


def classifier(train: Pairs, rows: NDArray[np.int64], strength: float) -> Any:
    """Logistic regression on standardised features."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300))
    return model.fit(train.features[rows], train.labels[rows])


def chosen_strength(languages: Sequence[Pairs]) -> tuple[float, dict[str, float]]:
    """What does best on development pairs left out, in the language trained on."""
    found = {}
    for strength in STRENGTHS:
        right = []
        for pairs in languages:
            for fold in range(FOLDS):
                held = pairs.premises % FOLDS == fold
                model = classifier(pairs, np.flatnonzero(~held), strength)
                right.append(model.score(pairs.features[held], pairs.labels[held]))
        found[str(strength)] = float(np.mean(right))
    return float(max(found, key=lambda name: found[name])), found


def transfer_rows(
    train: dict[str, Pairs], test: dict[str, Pairs], seeds: int, strength: float, work: Path
) -> list[dict[str, Any]]:
    """A row for each source and target; a seed draws four fifths of the premises to learn from."""
    values: dict[tuple[str, str], list[float]] = {}
    for seed in range(seeds):
        for source, pairs in train.items():
            answer = work / f"{source}.{seed}.{strength}.json"
            if not answer.exists():
                model = classifier(pairs, drawn(pairs, seed), strength)
                scores = {code: model.score(t.features, t.labels) for code, t in test.items()}
                answer.parent.mkdir(parents=True, exist_ok=True)
                answer.write_text(json.dumps(scores), encoding="utf-8")
            for code, score in json.loads(answer.read_text(encoding="utf-8")).items():
                values.setdefault((source, code), []).append(float(score))
    return [
        {
            "source": source,
            "language": target,
            "pairs": len(test[target].labels),
            "accuracy": {
                "mean": float(np.mean(some)),
                "sd": float(np.std(some, ddof=1)) if len(some) > 1 else None,
                "values": some,
            },
        }
        for (source, target), some in values.items()
    ]


def drawn(pairs: Pairs, seed: int) -> NDArray[np.int64]:
    """Rows of four fifths of the premises, the same ones in every language."""
    premises = np.unique(pairs.premises)
    some = np.random.default_rng(seed).permutation(premises)[: round(SHARE * len(premises))]
    found: NDArray[np.int64] = np.flatnonzero(np.isin(pairs.premises, some))
    return found
