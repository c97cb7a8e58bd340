"""Inference and paraphrases: formats, what is learned, frozen blocks, sources by targets."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from eval.downstream.freezing import freeze, parse_freeze
from eval.nli.pairs import read_labels, read_pairs
from tests.eval.downstream_pieces import save_model
from x2static.core.errors import ConfigError, DatasetError

WORDS = ("cat", "dog", "mouse", "mat", "rug", "tree")


def pairs_text(count: int, start: int = 0) -> str:
    """Pairs that are entailed where the second sentence has no 'and' in it."""
    lines = []
    for number in range(start, start + count):
        one, other = WORDS[number % 6], WORDS[(number * 5 + 1) % 6]
        label = ("entailment", "contradiction")[number % 2]
        second = f"the {other} sat" if number % 2 == 0 else f"and and {other}"
        lines.append(f"a big {one}\t{second}\t{label}\n")
    return "".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        "a\tb\tentailment\n",
        "premise\thypo\tlabel\na\tb\tentailment\n",
        "language\tgold_label\tsentence1\tsentence2\nen\tentailment\ta\tb\n",
        "id\tsentence1\tsentence2\tlabel\n1\ta\tb\tentailment\n",
    ],
)
def test_every_layout_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.tsv").write_text(text)
    (pair,) = read_pairs(tmp_path / "x.tsv")
    assert (pair.first, pair.second, pair.label) == ("a", "b", "entailment")


def test_labels_of_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("id\tlabel\n10\t1\n12\t0\n")
    with gzip.open(tmp_path / "x.tsv.gz", "wt") as stream:
        stream.write("a\tb\nc\td\n")
    labels = read_labels(tmp_path / "l.tsv")
    assert [pair.label for pair in read_pairs(tmp_path / "x.tsv.gz", labels)] == ["1", "0"]
    with pytest.raises(DatasetError, match="2 pairs, but --labels has 1"):
        read_pairs(tmp_path / "x.tsv.gz", labels[:1])
    with pytest.raises(DatasetError, match="no labels; name the file"):
        read_pairs(tmp_path / "x.tsv.gz")


def test_machine_translated_spelling_is_mended(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("premise\thypo\tlabel\na\tb\tcontradictory\n")
    assert read_pairs(tmp_path / "x.tsv")[0].label == "contradiction"


@pytest.fixture
def world(tmp_path: Path) -> Path:
    for code, start in (("en", 0), ("de", 100)):
        (tmp_path / f"train-{code}.tsv").write_text(pairs_text(80, start))
        (tmp_path / f"test-{code}.tsv").write_text(pairs_text(20, start + 80))
    return tmp_path


RECIPE = ["--preset", "small", "--warmup", 0, "--epochs", 3, "--batch", 8, "--learning-rate", 0.003,
          "--device", "cpu", "--seeds", 2]  # fmt: skip


@pytest.mark.parametrize("kind", ["bert", "xlm-roberta"])
def test_a_plain_rule_is_learned_and_transfers(world: Path, run_cli: Any, kind: str) -> None:
    model = save_model(world / kind, kind)
    code, text, errors = run_cli(
        "eval", "nli", "--model", model, "--train", world / "train-en.tsv", "--test",
        world / "test-*.tsv", *RECIPE, "--output", world / "out", "--json", world / "s.json",
    )  # fmt: skip
    assert code == 0, errors
    rows = {row["language"]: row for row in json.loads((world / "s.json").read_text())["rows"]}
    assert rows["de"]["accuracy"]["mean"] > 0.9, text
    assert rows["de"]["zero_shot"]
    assert rows["en"]["pairs"] == 20
    low, high = rows["de"]["interval_95"]["accuracy"]
    assert low < rows["de"]["accuracy"]["mean"] <= high


def test_sources_make_a_matrix(world: Path, run_cli: Any) -> None:
    model = save_model(world / "m")
    data = ["--train", world / "train-{}.tsv", "--test", world / "test-*.tsv"]
    words = ["eval", "nli", "--model", model, *data, "--sources", "en", "de", *RECIPE]
    words += ["--output", world / "out"]
    code, text, errors = run_cli(*words, "--json", world / "s.json", "--markdown", world / "m.md")
    assert code == 0, errors
    rows = json.loads((world / "s.json").read_text())["rows"]
    assert [(row["source"], row["language"]) for row in rows] == [
        ("en", "de"),
        ("en", "en"),
        ("de", "de"),
        ("de", "en"),
    ]
    assert "source" in text
    assert "| en |" in (world / "m.md").read_text()
    again = run_cli(*words, "--resume", "--json", world / "t.json")
    assert "fine-tuning" not in again[2]  # all of it was kept
    assert json.loads((world / "t.json").read_text())["rows"] == rows


def test_each_group_is_served_by_its_pivot(world: Path, run_cli: Any) -> None:
    model = save_model(world / "m")
    groups = [{"pivot": "en", "languages": ["en", "sw"]}, {"pivot": "de", "languages": ["de"]}]
    (world / "g.json").write_text(json.dumps({"groups": groups}))
    code, _, errors = run_cli(
        "eval", "nli", "--model", model, "--train", world / "train-{}.tsv", "--test",
        world / "test-*.tsv", "--groups", world / "g.json", *RECIPE, "--json", world / "s.json",
    )  # fmt: skip
    assert code == 0, errors
    rows = json.loads((world / "s.json").read_text())["rows"]
    assert [(row["source"], row["language"]) for row in rows] == [("en", "en"), ("de", "de")]


def test_frozen_blocks_stay_and_others_move(world: Path, run_cli: Any) -> None:
    from safetensors.torch import load_file

    model = save_model(world / "m")
    before = load_file(model / "model.safetensors")
    assert run_cli(
        "eval", "nli", "--model", model, "--train", world / "train-en.tsv", "--test",
        world / "test-en.tsv", *RECIPE, "--seeds", 1, "--freeze", "embeddings+blocks:1,3",
        "--output", world / "out", "--keep-models",
    )[0] == 0  # fmt: skip
    (place,) = (world / "out").glob("*/seed-0/model/model.safetensors")
    after = {name.removeprefix("bert."): value for name, value in load_file(place).items()}
    moved = {name for name in before if name in after and not after[name].equal(before[name])}
    assert not [n for n in moved if n.startswith(("encoder.layer.0.", "encoder.layer.2.", "emb"))]
    assert [n for n in moved if n.startswith("encoder.layer.1.")]
    assert [n for n in moved if n.startswith("encoder.layer.3.")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("blocks:1,2,6", (False, (1, 2, 6))),
        ("embeddings", (True, ())),
        ("embeddings+blocks:2", (True, (2,))),
    ],
)
def test_what_freeze_says(text: str, found: Any) -> None:
    assert parse_freeze(text) == found


@pytest.mark.parametrize("text", ["", "blocks:", "blocks:0", "block:1", "embeddings+", "1,2"])
def test_what_freeze_cannot_say(text: str) -> None:
    with pytest.raises(ConfigError, match="--freeze"):
        parse_freeze(text)


def test_a_block_that_is_not_there(world: Path, run_cli: Any) -> None:
    model = save_model(world / "m")
    assert freeze(None, None, "m") is None  # type: ignore[arg-type]
    code, _, errors = run_cli(
        "eval", "nli", "--model", model, "--train", world / "train-en.tsv", "--test",
        world / "test-en.tsv", "--freeze", "blocks:5", "--device", "cpu",
    )  # fmt: skip
    assert code == 2
    assert errors.splitlines()[-1].endswith("--freeze blocks:5: " + str(model) + " has 4 blocks")
