"""The demo's files fit each other; the demo itself is run by hand and in a fresh clone."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from x2static.core.text.lexicon import read_lexicon

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
DATA = SCRIPTS / "demo_data"


def test_the_plan_of_the_demo_has_no_fault(run_cli):
    code, out, err = run_cli("run", SCRIPTS / "demo.toml", "--dry-run")
    assert code == 0, err
    assert "*/pretrain" in out


@pytest.mark.parametrize("language", ["de", "es"])
def test_no_word_is_in_both_dictionaries(language):
    train, test = (read_lexicon(DATA / f"{language}-en.{part}.txt") for part in ("train", "test"))
    assert len(train) > 2000
    assert len(test) > 700
    assert not {source for source, _ in train} & {source for source, _ in test}


@pytest.mark.parametrize("language", ["de", "es"])
def test_translated_sentences_are_not_in_the_texts(language):
    pairs = [
        (DATA / f"tatoeba.{language}-en.{side}").read_text(encoding="utf-8").splitlines()
        for side in (language, "en")
    ]
    assert len(pairs[0]) == len(pairs[1]) == 1000
    with gzip.open(DATA / f"{language}.txt.gz", "rt", encoding="utf-8") as stream:
        text = {line.strip() for line in stream}
    assert len(text & set(pairs[0])) <= 2


@pytest.mark.parametrize(("name", "most"), [("teacher", 24e6), ("teacher-41", 32e6)])
def test_teacher_is_small_and_of_xlm_rs_kind(name, most):
    teacher = DATA / name
    assert sum(path.stat().st_size for path in teacher.iterdir()) <= most
    config = json.loads((teacher / "config.json").read_text(encoding="utf-8"))
    assert config["model_type"] == "xlm-roberta"
    card = (teacher / "README.md").read_text(encoding="utf-8")
    assert "license: cc-by-sa-3.0" in card
