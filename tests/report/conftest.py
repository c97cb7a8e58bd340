"""A run folder made by hand: three languages, one rotated onto the hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors


def save(place: Path, content: Any) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(content), encoding="utf-8")


def bli_file(language: str, p1: float, coverage: float) -> dict[str, Any]:
    row = {
        "source": f"aligned/{language}", "target": "aligned/en", "lexicon": "x.txt",
        "method": "csls", "queries": 1500, "dictionary_queries": 2000, "coverage": coverage,
        "p@1": p1, "p@5": p1, "p@10": p1, "mrr": p1, "strict_p@1": p1 / 2,
    }  # fmt: skip
    back = {**row, "source": "aligned/en", "target": f"aligned/{language}", "p@1": p1 / 4}
    run = {"command": "eval bli", "settings": {"method": ["csls"]}, "inputs": {}, "seconds": 1.5}
    return {"rows": [row, back], "run": run}


@pytest.fixture
def run_folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    root = tmp_path / "my run"
    hub = rng.standard_normal((300, 16)).astype(np.float32)
    turn = np.linalg.qr(rng.standard_normal((16, 16)))[0].astype(np.float32)
    letters = [a + b for a in "abcdefghijklmnopqrst" for b in "aeiouxyzbcdfghj"]
    for language, ending in (("en", "word"), ("de", "wort"), ("ru", "слово")):
        words = [pair + ending for pair in letters]
        mine = hub + 0.1 * rng.standard_normal(hub.shape).astype(np.float32)
        before = mine if language == "en" else mine @ turn
        counts = np.arange(300, 0, -1, dtype=np.int64)
        for space, matrix in (("vectors", before), ("aligned", mine)):
            place = root / space / language
            write_vectors(WordVectors(words, matrix, counts), place, "safetensors")
        save(
            root / f"sentences/{language}.txt.run.json",
            {"command": "prepare", "tokenizer": "icu", "settings": {"language": language},
             "counts": {"sentences_written": 4321, "tokens_written": 98765,
                        "sentences_duplicate": 7}},
        )  # fmt: skip
        (root / f"sentences/{language}.txt").write_text("x\n")
    for language, after in (("de", 0.5), ("ru", 0.25)):
        save(root / f"scores/bli.before/{language}.json", bli_file(language, 0.125, 0.75))
        save(root / f"scores/bli.after/{language}.json", bli_file(language, after, 0.75))
    tasks = [
        {"language": "de", "stage": "distill", "state": "done", "seconds": 12.3, "error": None},
        {
            "language": "ca",
            "stage": "prepare",
            "state": "failed",
            "seconds": None,
            "error": "ca.txt:3: bad UTF-8",
        },
    ]
    plan = {"schema": 1, "hub": "en", "languages": ["en", "de", "ru", "ca"], "tasks": tasks}
    save(root / "plan.json", plan)
    return root
