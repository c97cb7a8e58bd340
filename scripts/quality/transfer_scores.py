"""Scores of transfer as matrices: what scripts/quality/transfer.py makes of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# ar, bg, el, th and tr were no part of the teacher's training
XNLI = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
KNOWN = ("de", "en", "es", "fr", "hi", "ru", "sw", "ur", "vi", "zh")
PANX = ("de", "en", "es", "eu", "fi", "fr", "ru")
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """What is learned and tested.

    Attributes:
        metric: the score.
        sources: languages to learn from.
        targets: languages to test.
        known: those of the languages that the teacher was trained on.
        items: what a target is tested on, in words.
    """

    metric: str
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    known: tuple[str, ...]
    items: str


TASKS = {
    "inference": Task("accuracy", XNLI, XNLI, KNOWN, "pairs"),
    "entities": Task("f1", PANX, PANX, PANX, "sentences"),
}


def matrix_of(rows: Sequence[dict[str, Any]], task: Task, seed: int | None = None) -> Matrix:
    """(S, T) scores, of one seed or the mean over all."""
    found = {(row["source"], row["language"]): row[task.metric] for row in rows}

    def value(cell: dict[str, Any]) -> float:
        return float(cell["mean"] if seed is None else cell["values"][seed])

    return np.array([[value(found[s, t]) for t in task.targets] for s in task.sources])


def interaction(scores: Matrix, off: NDArray[np.bool_]) -> Matrix:
    """What is left of the cells where ``off`` holds, without means of their rows and columns.

    Least squares on a row effect and a column effect, since the cells from a language to itself
    are missing.
    """
    sources, targets = np.nonzero(off)
    design = np.zeros((len(sources), sum(scores.shape)))
    design[np.arange(len(sources)), sources] = 1
    design[np.arange(len(sources)), len(scores) + targets] = 1
    effects, *_ = np.linalg.lstsq(design, scores[off], rcond=None)
    left = np.full(scores.shape, np.nan)
    left[off] = scores[off] - design @ effects
    return left


def transferred(task: Task) -> NDArray[np.bool_]:
    """(S, T) where source and target differ."""
    return np.array([[s != t for t in task.targets] for s in task.sources])


def reliability(rows: Sequence[dict[str, Any]], task: Task) -> dict[str, float | None]:
    """Mean correlation between two seeds' matrices, as they are and without means."""
    off, seeds = transferred(task), range(len(rows[0][task.metric]["values"]))
    some = [matrix_of(rows, task, seed) for seed in seeds]
    left = [interaction(one, off) for one in some]
    found: dict[str, float | None] = {"score": None, "interaction": None}
    if len(some) > 1:
        for name, group in (("score", some), ("interaction", left)):
            between = np.corrcoef([one[off] for one in group])
            found[name] = float(between[np.triu_indices(len(group), 1)].mean())
    return found


def write_scores(path: Path, task: Task, rows: Sequence[dict[str, Any]]) -> None:
    """A table for ``languages analyse``: scores, and what is left of them without means."""
    scores, off = matrix_of(rows, task), transferred(task)
    columns = {"score": scores, "interaction": interaction(scores, off)}
    if len(task.known) < len(task.targets):
        known = off & np.array(
            [[s in task.known and t in task.known for t in task.targets] for s in task.sources]
        )
        columns["score, known"] = np.where(known, scores, np.nan)
        columns["interaction, known"] = interaction(scores, known)
    lines = ["\t".join(["source", "target", *columns])]
    for s, source in enumerate(task.sources):
        for t, target in enumerate(task.targets):
            values = [columns[name][s, t] for name in columns]
            cells = ["" if np.isnan(value) else f"{value:.6f}" for value in values]
            lines.append("\t".join([source, target, *cells]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
