"""The scripts about transfer, groups and impact: their arithmetic, and what they hand on."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.quality import groups as quality_groups
from scripts.quality import impact as quality_impact
from scripts.quality import transfer_probe
from scripts.quality.transfer_scores import (
    Task,
    interaction,
    matrix_of,
    reliability,
    transferred,
    write_scores,
)
from scripts.workspace import Workspace
from x2static.languages.tables.scores import read_scores

TASK = Task("accuracy", ("de", "en"), ("de", "en", "fr", "tr"), ("de", "en", "fr"), "pairs")
SOME = Task("accuracy", ("a", "b", "c"), ("a", "b", "c", "d", "e"), ("a", "b"), "pairs")
GROUPS = [["ca", "es", "pt"], ["pl", "ru", "uk"], ["et", "fi"]]


def rows_of(task: Task, seeds: list[np.ndarray]) -> list[dict[str, object]]:
    """Rows as the program writes them."""
    return [
        {
            "source": source,
            "language": target,
            "accuracy": {
                "mean": float(np.mean([one[s, t] for one in seeds])),
                "values": [float(one[s, t]) for one in seeds],
            },
        }
        for s, source in enumerate(task.sources)
        for t, target in enumerate(task.targets)
    ]


def test_effects_of_sources_and_targets_leave_nothing(rng):
    scores = rng.normal(size=(3, 1)) + rng.normal(size=(1, 5))
    left = interaction(scores, transferred(SOME))
    assert np.isnan(left[~transferred(SOME)]).all()
    np.testing.assert_allclose(left[transferred(SOME)], 0, atol=1e-12)


def test_what_is_left_has_no_mean_in_any_row_or_column(rng):
    off = transferred(SOME)
    scores = rng.normal(size=off.shape)
    left = np.where(off, interaction(scores, off), 0)
    np.testing.assert_allclose(left.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(left.sum(axis=1), 0, atol=1e-12)
    moved = interaction(scores + rng.normal(size=(3, 1)), off)
    np.testing.assert_allclose(moved[off], left[off])


def test_seeds_that_agree_are_reliable_and_noise_is_not(rng):
    truth = rng.normal(size=transferred(SOME).shape)
    assert reliability(rows_of(SOME, [truth, truth]), SOME) == pytest.approx(
        {"score": 1.0, "interaction": 1.0}
    )
    effects = 9 * np.arange(5.0) + np.zeros_like(truth)
    noisy = [effects + rng.normal(size=truth.shape) for _ in range(9)]
    found = reliability(rows_of(SOME, noisy), SOME)
    assert found["score"] > 0.9  # easy and hard targets alone
    assert abs(found["interaction"]) < 0.4
    assert reliability(rows_of(SOME, [truth]), SOME) == {"score": None, "interaction": None}


def test_scores_reach_the_program_as_they_are(tmp_path, rng):
    scores = rng.random((2, 4))
    write_scores(tmp_path / "scores.tsv", TASK, rows_of(TASK, [scores]))
    found = {one.name: one for one in read_scores([tmp_path / "scores.tsv"])}
    assert set(found) == {"score", "interaction", "score, known", "interaction, known"}
    whole, known = found["score"], found["score, known"]
    place = {code: row for row, code in enumerate(whole.languages)}
    assert whole.matrix[place["de"], place["tr"]] == pytest.approx(scores[0, 3], abs=1e-6)
    assert np.isfinite(whole.matrix).sum() == 8
    assert "tr" not in known.languages
    assert np.isfinite(known.matrix).sum() == 4


def test_a_matrix_is_of_one_seed_or_of_their_mean(rng):
    seeds = [rng.random((2, 4)) for _ in range(2)]
    rows = rows_of(TASK, seeds)
    np.testing.assert_allclose(matrix_of(rows, TASK, 1), seeds[1])
    np.testing.assert_allclose(matrix_of(rows, TASK), np.mean(seeds, axis=0))


def test_random_groups_have_the_sizes_of_the_groups_and_differ_by_seed():
    first, second = (quality_groups.drawn_groups(GROUPS, seed) for seed in (1, 2))
    for drawn in (first, second):
        assert sorted(map(len, drawn)) == [2, 3, 3]
        assert sorted(code for some in drawn for code in some) == sorted(quality_groups.LANGUAGES)
    assert first != second


def test_pairs_are_of_english_and_within_groups():
    pairs = quality_groups.pairs_of(GROUPS)
    assert len(pairs) == 8 + 3 + 3 + 1
    assert ("ca", "en") in pairs
    assert ("en", "et") in pairs
    assert ("et", "fi") in pairs
    assert ("ca", "pl") not in pairs


def test_a_pair_counts_the_models_that_know_one_of_it(tmp_path, monkeypatch):
    bench = quality_groups.GroupsWork(tmp_path, tmp_path, tmp_path / "teacher", 5, 16, 5e-4)
    drawn = [["ca", "pl", "ru"], ["es", "pt", "uk"], ["et", "fi"]]
    kinds = {"group": GROUPS, "random": drawn, "all": [list(quality_groups.LANGUAGES)]}
    monkeypatch.setattr(quality_groups.GroupsWork, "train", lambda *_: kinds)
    worth = {"group-1": 0.1, "group-2": 0.2, "group-3": 0.3, "random-1-1": 0.4, "random-1-2": 0.6,
             "random-1-3": 0.9, "all": 0.7}  # fmt: skip

    def retrieval(_self, model, languages):
        known = [*languages, "en"]
        return {(a, b): worth[model.name] for a in known for b in known if a < b}

    monkeypatch.setattr(quality_groups.GroupsWork, "retrieval", retrieval)
    found = bench.measure(GROUPS, 1)
    assert found["group"]["ca-en"] == 0.1
    assert found["group"]["et-fi"] == 0.3
    assert found["random"]["ca-es"] == pytest.approx(0.5)  # of two models
    assert found["random"]["en-es"] == 0.6
    assert found["random"]["et-fi"] == 0.9
    assert set(found["all"].values()) == {0.7}


def test_differences_are_in_points_and_by_seed():
    rows = [
        {"scores": {"group": {"ca-en": 0.5, "ca-es": 0.9}, "all": {"ca-en": low, "ca-es": 0.4}}}
        for low in (0.4, 0.2)
    ]
    mean, low, high, seeds = quality_groups.differences(rows, "group", "all", english=True)
    assert mean == low == high == pytest.approx(20)
    assert seeds == pytest.approx([10, 30])


def test_texts_are_the_first_lines_of_each_language(tmp_path):
    (tmp_path / "mono").mkdir()
    with gzip.open(tmp_path / "mono" / "de.txt.gz", "wt", encoding="utf-8") as stream:
        stream.write("eins\nzwei\ndrei\n")
    (found,) = Workspace(tmp_path, tmp_path / "work").texts(("de",), lines=2)
    code, _, path = found.partition("=")
    assert code == "de"
    assert Path(path).read_text(encoding="utf-8") == "eins\nzwei\n"


def test_the_interval_of_an_impact_is_the_wider_of_sentences_and_seeds():
    def rows(value, interval):
        row = {"impact": value, "interval_95": interval, "cka_biased": 1 - value, "null": 0.0,
               "without_farthest": 1 - value}  # fmt: skip
        return [{"language": code, "layer": layer, **row} for code in ("de", "sw")
                for layer in range(3)]  # fmt: skip

    table = quality_impact.table({"mlm": [rows(0.2, (0.1, 0.3)), rows(0.6, (0.5, 0.7))]})
    assert "| **de** | 0.400 ± 0.200 | 0.400 ± 0.200 |" in table
    assert "| sw | 0.400 ± 0.200 |" in table
    assert "| *mean, others* | 0.400 |" in table


def test_a_pair_is_both_vectors_their_distance_and_product():
    first, second = np.array([[2.0, 0.0]]), np.array([[0.0, 3.0]])
    found = transfer_probe.features_of(first, second)
    np.testing.assert_allclose(found, [[1, 0, 0, 1, 1, 1, 0, 0]])
    assert np.isfinite(transfer_probe.features_of(first, np.zeros((1, 2)))).all()


def test_every_third_premise_keeps_its_three_hypotheses():
    rows = [(f"p{n // 3}", f"h{n}", "neutral") for n in range(18)]
    found = transfer_probe.thinned(rows, 3)
    assert [row[0] for row in found] == ["p0"] * 3 + ["p3"] * 3


def test_states_are_encoded_once_and_pairs_find_their_own(tmp_path):
    calls = []

    class Lengths:
        def encode(self, texts):
            calls.append(texts)
            return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)

    rows = [("a", "bbb", "neutral"), ("a", "cc", "entailment"), ("dddd", "a", "contradiction")]
    for _ in range(2):
        pairs = transfer_probe.encoded(Lengths, rows, tmp_path / "states" / "de.npz")
    assert calls == [["a", "bbb", "cc", "dddd"]]
    assert pairs.labels.tolist() == [2, 1, 0]
    assert pairs.premises.tolist() == [0, 0, 0]
    lengths = pairs.features[:, 0] / pairs.features[:, 1]
    np.testing.assert_allclose(lengths, [1, 1, 4])


def test_what_is_learned_in_one_language_is_found_in_its_copy(tmp_path, rng):
    def pairs(rows, shift):
        labels = rng.integers(3, size=rows)
        features = rng.normal(size=(rows, 6)) + shift
        features[:, 0] += 6 * labels
        return transfer_probe.Pairs(features, labels, np.arange(rows) // 3)

    train = {"de": pairs(300, 0.0)}
    test = {"en": pairs(150, 0.0), "xx": pairs(150, 30.0)}
    rows = transfer_probe.transfer_rows(train, test, 2, 1.0, tmp_path)
    found = {row["language"]: row["accuracy"] for row in rows}
    assert found["en"]["mean"] > 0.9
    assert found["xx"]["mean"] < 0.6
    assert len(found["en"]["values"]) == 2
    again = transfer_probe.transfer_rows({"de": pairs(9, 0.0)}, test, 2, 1.0, tmp_path)
    assert again == rows  # from the files


def test_a_seed_draws_whole_premises(rng):
    pairs = transfer_probe.Pairs(rng.normal(size=(30, 2)), np.zeros(30, int), np.arange(30) // 3)
    first, second = (transfer_probe.drawn(pairs, seed) for seed in (0, 1))
    assert len(first) == 24
    assert set(np.bincount(pairs.premises[first], minlength=10)) == {0, 3}
    assert first.tolist() != second.tolist()
