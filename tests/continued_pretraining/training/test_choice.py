"""Which checkpoint wins, where little is held back or kept weights are damaged."""

from __future__ import annotations

import json
import shutil

from continued_pretraining.training.checkpoint import RunState
from tests.continued_pretraining.conftest import write_text, write_vec
from tests.continued_pretraining.test_runs import flags
from tests.teachers import WORDS


def chosen(output):
    return json.loads((output / "run.json").read_text())["chosen"]


def test_without_text_to_hold_back_the_last_update_wins(tmp_path, model_folder, run_cli):
    for seed, language in enumerate(("de", "en")):
        write_text(tmp_path / f"{language}.txt", 3, seed)
        write_vec(tmp_path / f"{language}.vec", 16, seed)
    output = tmp_path / "out"
    code, _, err = run_cli(*flags(tmp_path, model_folder, output, "--loss", "none"))
    assert code == 0, err
    assert (
        "warning: too few sequences to hold some back (10 of a language give 1), so that "
        "--choose mlm has nothing to go by: the last update wins\n"
    ) in err
    assert chosen(output) == {"step": 10}


def test_without_words_to_hold_back_the_last_update_wins(tmp_path, data, model_folder, run_cli):
    shutil.copytree(data, tmp_path / "data")
    for seed, language in enumerate(("de", "en")):
        write_vec(tmp_path / "data" / f"{language}.vec", 16, seed, words=WORDS[:9])
    output = tmp_path / "out"
    arguments = flags(tmp_path / "data", model_folder, output, "--choose", "objective")
    code, _, err = run_cli(*arguments)
    assert code == 0, err
    assert "warning: too few words to hold some back" in err
    assert chosen(output) == {"step": 10}


def test_damaged_best_weights_give_way_to_the_last_update(
    tmp_path, data, model_folder, run_cli, monkeypatch
):
    save_best = RunState.save_best

    def save_badly(self, step):
        found = save_best(self, step)
        path = self.folder / "best" / f"{step}.safetensors"
        path.write_bytes(path.read_bytes()[:-8] + bytes(8))
        return found

    monkeypatch.setattr(RunState, "save_best", save_badly)
    code, _, err = run_cli(*flags(data, model_folder, tmp_path / "out", "--loss", "none"))
    assert code == 0, err
    assert "damaged, the last update wins instead (its checksum does not match)\n" in err
    assert chosen(tmp_path / "out") == {"step": 10}


def test_the_checksum_stays_with_the_run(tmp_path, data, model_folder, run_cli):
    code, _, err = run_cli(*flags(data, model_folder, tmp_path / "out", "--loss", "none"))
    assert code == 0, err
    assert set(chosen(tmp_path / "out")) == {"step", "score", "validation"}
