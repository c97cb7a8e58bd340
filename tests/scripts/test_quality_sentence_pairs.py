"""Cells of the comparison on sentence pairs: what differs, what is kept, what the table says."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.quality import sentence_pairs as quality_pairs
from scripts.quality.sentence_pairs import CELLS, SAID, PairsWork, measure
from scripts.quality.sentence_pairs_tables import table
from x2static.commands import COMMANDS, load
from x2static.core.config import add_flags, build, typed_flags


def cell(name: str, seed: int, tatoeba: float, words: float = 0.25) -> dict[str, object]:
    scores = {"tatoeba": tatoeba, "flores": 0.5, "flores others": 0.125}
    return {"cell": name, "seed": seed, "blocks": {"2": scores, "4": scores}, "words": words}


@pytest.fixture
def bench(tmp_path):
    return PairsWork(tmp_path, tmp_path, 10, 1e-3)


def test_a_finished_cell_is_not_made_again(bench, monkeypatch):
    def unwanted(*_: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(quality_pairs, "train", unwanted)
    kept = cell("guess", 0, 0.5) | {"flags": bench.flags(CELLS["guess"])}
    place = bench.work / "cells/guess-0.json"
    place.parent.mkdir()
    place.write_text(json.dumps(kept))
    assert measure(bench, "guess", 0) == kept
    with pytest.raises(AssertionError, match="made again"):
        measure(PairsWork(bench.data, bench.work, 11, 1e-3), "guess", 0)


def test_every_cell_is_a_setting_of_the_program_and_differs_in_one_thing(bench):
    config_class = load(COMMANDS["pretrain"].config)
    parser = argparse.ArgumentParser()
    add_flags(parser, config_class)
    configs = {}
    for name, one in CELLS.items():
        *flags, kind = bench.flags(one)
        files = ["--text", "a.txt", "--bitext", "b", "--output", "o", "--tokenizer", kind]
        typed = typed_flags(parser.parse_args([*flags, *files]))
        configs[name] = build(config_class, typed, None, "pretrain")
    names = ("steps", "learning_rate", "mlm_batch", "tlm_batch", "mrtd_batch", "trtd_batch")
    assert len({tuple(getattr(c, n) for n in names) for c in configs.values()}) == 1
    base = configs["together"]
    assert base.bitext_sampling == "sinkhorn"
    assert configs["together m2m"].bitext_sampling == "m2m"
    assert configs["together english"].bitext_sampling == "english"
    replaced = configs["together replaced"]
    assert (replaced.tlm_weight, replaced.mrtd_weight, replaced.trtd_weight) == (0, 1, 1)
    assert {c.sentence_weight for n, c in configs.items() if n.startswith("guess")} == {0}


def test_the_table_has_spreads_and_differences_of_each_seed():
    rows = [
        cell("together", 0, 0.5), cell("together", 1, 0.25),
        cell("together english", 0, 0.25), cell("together english", 1, 0.125, 0.5),
    ]  # fmt: skip
    scores, changes = table(rows, SAID).split("\n\n")
    assert "| 2 | 37.5 ± 17.7 | 50.0 ± 0.0 | 12.5 ± 0.0 |" in scores
    assert "pairs with English alone | 2 | 18.8 ± 8.8 |" in scores
    line = changes.splitlines()[2]
    assert line.startswith("| together: pairs with English alone | -18.8 (-25.0, -12.5) | +0.0 ")
    assert line.endswith("| +12.5 (+0.0, +25.0) |")
