"""Replayed text has a share of its own, and forgetting is warned of where a model knows more."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from continued_pretraining.model.languages import known_languages, scripts_of, trained_languages
from continued_pretraining.text.replay import shares_by_size
from tests.continued_pretraining.test_runs import curve, flags

ALONE = ("--loss", "none", "--steps", 2, "--validate-every", 0)


def test_replay_has_its_share_and_its_languages_theirs():
    names = ["en", "replay-de", "replay-fr"]
    found = shares_by_size(names, 1.0, 0.25, np.array([1000, 30, 10]))
    assert found.tolist() == pytest.approx([0.75, 0.1875, 0.0625])
    flat = shares_by_size(names, 1e9, 0.2, np.array([1000, 30, 10]))
    assert flat.tolist() == pytest.approx([0.8, 0.1, 0.1])
    assert shares_by_size(["a", "b"], 1.0, 0.2, np.array([3, 1])).tolist() == [0.75, 0.25]


def test_replayed_languages_are_drawn_and_measured(tmp_path, data, model_folder, run_cli):
    arguments = flags(data, model_folder, tmp_path / "out", *ALONE, "--replay", data / "de.txt")
    arguments[arguments.index(str(data / "*.txt"))] = str(data / "en.txt")
    code, _, err = run_cli(*arguments, "--replay-share", "0.3")
    assert code == 0, err
    assert "(en 70.0%, replay-de 30.0%)" in err
    assert "forget" not in err
    (measured,) = (
        row["validation"]
        for row in curve(tmp_path / "out")
        if row["step"] == 2 and "validation" in row
    )
    assert set(measured["by_language"]) == {"en", "replay-de"}


def test_one_language_for_a_model_of_two_is_warned_of(tmp_path, data, model_folder, run_cli):
    both = tmp_path / "both"
    assert run_cli(*flags(data, model_folder, both, *ALONE))[0] == 0
    assert trained_languages(both) == {"de", "en"}
    for model, warns in ((both, True), (model_folder, False)):
        arguments = flags(data, model, tmp_path / f"on-{model.name}", *ALONE)
        arguments[arguments.index(str(data / "*.txt"))] = str(data / "en.txt")
        code, _, err = run_cli(*arguments)
        assert code == 0, err
        assert ("it will forget the others" in err) == warns
        assert ("knows de, en" in err) == warns


def test_scripts_of_a_vocabulary():
    alphabets = {"abcdefghijk": "LATIN", "абвгдежзикл": "CYRILLIC", "αβγδεζηθικλ": "GREEK"}
    pieces = [one + other for letters in alphabets for one in letters for other in letters]
    vocabulary = {f"▁{piece}": number for number, piece in enumerate([*pieces, "नम", "1"])}
    assert scripts_of(vocabulary) == set(alphabets.values())
    assert known_languages("xlm-roberta-base", vocabulary) == "languages of 3 scripts"
    latin = {piece: 0 for piece in vocabulary if piece[1] < "z"}
    assert known_languages("roberta-base", latin) == ""


def test_an_old_folder_tells_its_languages_by_its_curve(tmp_path: Path):
    row = {"step": 0, "validation": {"by_language": {"de": 1.0, "es": 2.0}}}
    (tmp_path / "curve.jsonl").write_text(json.dumps({"step": 1}) + "\n" + json.dumps(row) + "\n")
    assert trained_languages(tmp_path) == {"de", "es"}
