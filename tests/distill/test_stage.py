"""Whole runs of ``x2static distill`` through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.distill.conftest import write_corpus
from tests.teachers import WORDS
from x2static.core.vector_file import read_vectors
from x2static.distill.learning import materials


@pytest.fixture(autouse=True)
def small_pools(monkeypatch):
    """Several pools from a small corpus."""
    monkeypatch.setattr(materials, "_POOL_SENTENCES", 64)


@pytest.fixture
def distill(run_cli, corpus, teacher_folder):
    def run(output: Path, *extra: object) -> tuple[int, str, str]:
        return run_cli(
            "distill", "--corpus", corpus, "--teacher", teacher_folder, "--output", output,
            "--device", "cpu", "--min-count", 2, "--preset", "paper", "--epochs", 1,
            "--threshold", 0.01, "--batch", 16, *extra,
        )  # fmt: skip

    return run


def payload(folder: Path) -> bytes:
    return (folder / "vectors.safetensors").read_bytes()


def test_a_run_writes_vectors_and_their_record(distill, tmp_path):
    code, out, err = distill(tmp_path / "v")
    assert code == 0, err
    vectors = read_vectors(tmp_path / "v")
    assert set(vectors.words) == set(WORDS)
    assert vectors.words[:2] == ["the", "a"]
    assert vectors.counts is not None
    assert (np.diff(vectors.counts) <= 0).all()
    assert vectors.width == 16
    assert np.isfinite(vectors.matrix).all()
    assert "19 words x 16" in out
    record = json.loads((tmp_path / "v" / "run.json").read_text())
    assert record["settings"]["threshold"] == 0.01
    assert record["resolved"]["layer"] == 2
    assert record["counts"]["sentences"] == 300
    assert record["counts"]["vocabulary"] == 19
    assert not (tmp_path / "v.unfinished").exists()


@pytest.mark.parametrize(
    "extra",
    [
        (),
        ("--context", "all", "--specials"),
        ("--epochs", 3),
        ("--epochs", 3, "--cache", "off"),
        ("--method", "aggregate"),
        ("--method", "decontextual"),
        ("--preset", "x2static-released"),
        ("--preset", "default"),
    ],
    ids=lambda extra: "-".join(map(str, extra)) or "plain",
)
def test_same_seed_same_bytes_and_another_seed_other_bytes(distill, tmp_path, extra):
    for name in ("one", "two"):
        code, _, err = distill(tmp_path / name, "--seed", 5, *extra)
        assert code == 0, err
    assert payload(tmp_path / "one") == payload(tmp_path / "two")
    if "--method" not in extra and "default" not in extra:
        distill(tmp_path / "three", "--seed", 6, *extra)
        assert payload(tmp_path / "one") != payload(tmp_path / "three")


def test_bytes_do_not_depend_on_the_hash_seed(
    tmp_path, corpus, teacher_folder, run_cli, monkeypatch
):
    monkeypatch.undo()  # the pools are as large as in the other process
    words = ["distill", "--corpus", corpus, "--teacher", teacher_folder, "--device", "cpu",
             "--min-count", 2, "--output"]  # fmt: skip
    assert run_cli(*words, tmp_path / "here")[0] == 0
    other = "1" if os.environ.get("PYTHONHASHSEED") == "0" else "0"
    subprocess.run(
        [sys.executable, "-m", "x2static", *map(str, words), tmp_path / "there"],
        env={**os.environ, "PYTHONHASHSEED": other}, check=True, capture_output=True,
    )  # fmt: skip
    assert payload(tmp_path / "here") == payload(tmp_path / "there")


def library_states(folder: Path, sentence: list[str]) -> tuple[list[np.ndarray], list[int | None]]:
    """All hidden states of a sentence and the word of each piece, by the library alone."""
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    encoded = tokenizer(sentence, is_split_into_words=True, return_tensors="pt")
    with torch.inference_mode():
        output = model(encoded["input_ids"], encoded["attention_mask"], output_hidden_states=True)
    return [states[0].numpy() for states in output.hidden_states], encoded.word_ids()


def own_states(folder: Path, sentence: list[str], layer: int) -> list[np.ndarray]:
    """Mean state of each word's pieces: the slow, plain way."""
    states, owners = library_states(folder, sentence)
    return [
        np.mean([states[layer][i] for i, owner in enumerate(owners) if owner == word], axis=0)
        for word in range(len(sentence))
    ]


def test_aggregate_is_the_mean_over_occurrences(distill, tmp_path, teacher_folder):
    corpus = write_corpus(tmp_path / "c.txt", 20)
    code, _, err = distill(
        tmp_path / "v", "--method", "aggregate", "--corpus", corpus, "--precision", "fp32",
        "--layer", 3, "--min-count", 1,
    )  # fmt: skip
    assert code == 0, err
    seen: dict[str, list[np.ndarray]] = {}
    for line in filter(None, corpus.read_text().split("\n")):
        sentence = line.split()
        for word, state in zip(sentence, own_states(teacher_folder, sentence, 3), strict=True):
            seen.setdefault(word, []).append(state)
    vectors = read_vectors(tmp_path / "v")
    assert set(vectors.words) == set(seen)
    for word in vectors.words:
        np.testing.assert_allclose(vectors[word], np.mean(seen[word], axis=0), rtol=2e-4, atol=2e-5)


def test_decontextual_is_the_word_alone(distill, tmp_path, teacher_folder):
    distill(tmp_path / "v", "--method", "decontextual", "--precision", "fp32", "--layer", 1)
    vectors = read_vectors(tmp_path / "v")
    for word in ("the", "slept", "tree"):
        expected = own_states(teacher_folder, [word], 1)[0]
        np.testing.assert_allclose(vectors[word], expected, rtol=2e-4, atol=2e-5)


def test_epochs_from_the_readings_on_disk_stay_close_to_fresh_ones(distill, tmp_path):
    common = ("--epochs", 2, "--precision", "fp32", "--context", "all")
    distill(tmp_path / "disk", *common, "--cache", "on")
    distill(tmp_path / "live", *common, "--cache", "off")
    disk, live = read_vectors(tmp_path / "disk"), read_vectors(tmp_path / "live")
    np.testing.assert_allclose(disk.matrix, live.matrix, atol=1e-4)


def test_readings_in_a_shared_folder_serve_the_next_run(distill, tmp_path, monkeypatch):
    shared = ("--cache", "on", "--cache-folder", tmp_path / "cache")
    distill(tmp_path / "one", *shared)
    from x2static.distill.learning import course

    def read_again(*_args: object, **_options: object) -> None:
        raise RuntimeError("the teacher was asked again")

    monkeypatch.setattr(course, "read_pool", read_again)
    code, _, err = distill(tmp_path / "two", *shared, "--learning-rate", 0.01)
    assert code == 0, err
    assert payload(tmp_path / "one") != payload(tmp_path / "two")


def test_a_cap_on_occurrences_thins_frequent_words(distill, tmp_path):
    distill(tmp_path / "v", "--method", "aggregate", "--max-occurrences", 5)
    record = json.loads((tmp_path / "v" / "run.json").read_text())
    assert record["counts"]["passes"]["aggregating"]["targets"] < 19 * 5 * 2


def test_presets_stay_faithful():
    from x2static.core.config import build
    from x2static.distill.config import DistillConfig

    flags = {"corpus": Path("c"), "output": Path("o")}
    paper = build(DistillConfig, {**flags, "preset": "paper"}, None, "distill")
    released = build(DistillConfig, {**flags, "preset": "x2static-released"}, None, "distill")
    assert (paper.method, paper.context, paper.specials, paper.layer) == (
        "x2static", "exclude", False, None,
    )  # fmt: skip
    assert (released.context, released.specials, released.layer, released.epochs) == (
        "all", True, -1, 5,
    )  # fmt: skip
    assert (released.case, released.max_pieces) == ("text", 200)
    for preset in (paper, released):
        assert preset.solver == "sampled"
        assert preset.method == "x2static"
        assert preset.threshold == 5e-6
        assert preset.negatives == 10
        assert preset.negative_power == 0.5
        assert preset.learning_rate == 1e-3
        assert preset.batch == 128
        assert preset.min_count == 10
        assert preset.max_vocabulary == 200_000
        assert preset.postprocess == ()


# ------------------------------------------------------------------ resuming


class Killed(BaseException):
    """Stands for a kill in the middle of a pool."""


@pytest.mark.parametrize("extra", [("--epochs", 2, "--cache", "off"), ("--epochs", 2)])
@pytest.mark.parametrize("stop_at", [1, 3, 7])
def test_a_run_killed_between_pools_goes_on_to_the_same_bytes(
    distill, tmp_path, monkeypatch, extra, stop_at
):
    from x2static.distill.learning.learners import SampledLearner

    extra = (*extra, "--checkpoint-minutes", 0)
    distill(tmp_path / "whole", *extra)
    learn, calls = SampledLearner.learn, []

    def stopping(self, *arguments):
        calls.append(1)
        if len(calls) > stop_at:
            raise Killed
        return learn(self, *arguments)

    monkeypatch.setattr(SampledLearner, "learn", stopping)
    with pytest.raises(Killed):
        distill(tmp_path / "torn", *extra)
    monkeypatch.undo()
    monkeypatch.setattr(materials, "_POOL_SENTENCES", 64)
    assert (tmp_path / "torn.unfinished").is_dir()
    code, _, err = distill(tmp_path / "torn", *extra, "--resume")
    assert code == 0, err
    assert payload(tmp_path / "torn") == payload(tmp_path / "whole")
    whole, torn = (
        json.loads((tmp_path / name / "run.json").read_text())["counts"]
        for name in ("whole", "torn")
    )
    assert whole == torn


def test_a_run_killed_before_its_record_goes_on(distill, tmp_path, monkeypatch):
    from x2static.core.storage.commit import Batch

    assert distill(tmp_path / "whole")[0] == 0

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "record", killed)
        with pytest.raises(Killed):
            distill(tmp_path / "v")
    assert not (tmp_path / "v").exists()  # vectors and record appear together
    code, _, err = distill(tmp_path / "v", "--resume")
    assert code == 0, err
    assert payload(tmp_path / "v") == payload(tmp_path / "whole")
    assert (tmp_path / "v" / "run.json").exists()


def test_a_run_killed_while_it_cleans_up_is_done(distill, tmp_path, monkeypatch):
    from x2static.core.storage import work_folder

    with monkeypatch.context() as patch:
        patch.setattr(work_folder, "remove_tree", lambda _: None)
        assert distill(tmp_path / "v")[0] == 0
    assert (tmp_path / "v.unfinished").exists()
    code, out, err = distill(tmp_path / "v", "--resume")
    assert code == 0, err
    assert "done before" in out
    assert not (tmp_path / "v.unfinished").exists()


def test_a_work_folder_of_somebody_else_is_left_alone(distill, tmp_path):
    (tmp_path / "v.unfinished").mkdir()
    (tmp_path / "v.unfinished" / "symphony.txt").write_text("in B minor")
    for flags in ((), ("--resume",), ("--overwrite",)):
        code, _, err = distill(tmp_path / "v", *flags)
        assert code == 2
        assert "v.unfinished is a folder that no earlier run made" in err
    assert (tmp_path / "v.unfinished" / "symphony.txt").read_text() == "in B minor"


def test_ctrl_c_keeps_the_state_and_says_how_to_go_on(distill, tmp_path, monkeypatch):
    from x2static.distill.learning import course

    read, calls = course.read_pool, []

    def interrupted(*arguments, **options):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return read(*arguments, **options)

    distill(tmp_path / "whole")
    monkeypatch.setattr(course, "read_pool", interrupted)
    code, _, err = distill(tmp_path / "v")
    assert code == 130
    assert "resume with the same command and --resume" in err.splitlines()[-1]
    assert not (tmp_path / "v").exists()
    code, _, err = distill(tmp_path / "v", "--resume")
    assert code == 0, err
    assert len(calls) == 4 + 2  # of five pools three were kept
    assert payload(tmp_path / "v") == payload(tmp_path / "whole")


def test_damaged_checkpoint_falls_back_to_the_one_before(distill, tmp_path, monkeypatch):
    from x2static.distill.learning import course

    read, calls = course.read_pool, []

    def interrupted(*arguments, **options):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return read(*arguments, **options)

    distill(tmp_path / "whole")
    monkeypatch.setattr(course, "read_pool", interrupted)
    distill(tmp_path / "v", "--checkpoint-minutes", 0)
    folder = tmp_path / "v.unfinished" / "checkpoints-learning"
    newest = max(folder.iterdir())
    state = newest / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-1] + b"\xff")
    code, _, err = distill(tmp_path / "v", "--resume")
    assert code == 0, err
    assert "damaged checkpoint passed over" in err
    assert payload(tmp_path / "v") == payload(tmp_path / "whole")


def test_resume_starts_afresh_where_there_is_nothing(distill, tmp_path):
    code, _, err = distill(tmp_path / "v", "--resume")
    assert code == 0, err


def test_resume_of_a_finished_run_does_nothing(distill, tmp_path):
    distill(tmp_path / "v")
    before = payload(tmp_path / "v")
    code, out, err = distill(tmp_path / "v", "--resume")
    assert code == 0, err
    assert "done before" in out
    assert payload(tmp_path / "v") == before


def test_resume_with_other_settings_is_refused(distill, refuses, tmp_path):
    distill(tmp_path / "v")
    code, _, err = distill(tmp_path / "v", "--resume", "--seed", 9)
    assert code == 2
    assert "was made by another run" in err


# -------------------------------------------------------------------- errors


def test_an_output_that_exists_is_refused_and_untouched(distill, tmp_path):
    distill(tmp_path / "v")
    before = payload(tmp_path / "v")
    code, out, err = distill(tmp_path / "v", "--seed", 2)
    assert (code, out) == (2, "")
    assert "exists already; choose another --output or pass --overwrite" in err
    assert payload(tmp_path / "v") == before
    code, _, err = distill(tmp_path / "v", "--seed", 2, "--overwrite")
    assert code == 0, err
    assert payload(tmp_path / "v") != before


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (("--corpus", "absent.txt"), r"absent\.txt: no such file; x2static prepare writes one"),
        (("--layer", 9), r"--layer 9: this teacher has 4 layers"),
        (("--min-count", 99999), r"no word occurs 99999 times in [\d,]+ tokens; lower --min-count"),
        (("--epochs", -1), r"--epochs must be at least 0, got -1"),
        (("--held-out", 0), r"--held-out must be above 0 and at most 0\.5, got 0\.0"),
        (("--postprocess", "shine"), r"--postprocess shine: unknown step; known: center"),
        (("--postprocess", "pca99"), r"--postprocess pca99: the vectors have only 16 dimensions"),
        (("--preset", "default", "--epochs", 2), r"--epochs 2: the closed form reads"),
        (
            ("--preset", "default", "--own-weight", 0, "--context-weight", 0),
            r"--own-weight 0 --context-weight 0: nothing is left",
        ),
        (("--mean-share", 1.0), r"--mean-share must be below 1, got 1\.0"),
        (("--method", "magic"), r"invalid choice: 'magic'"),
    ],
)
def test_mistakes_are_one_line(distill, tmp_path, extra, message):
    code, out, err = distill(tmp_path / "v", *extra)
    assert code == 2
    assert out == ""
    assert err.splitlines()[-1].startswith("error: ")
    import re

    assert re.search(message, err.splitlines()[-1]), err
    assert not (tmp_path / "v").exists()


def test_empty_corpus(distill, tmp_path):
    (tmp_path / "c.txt").write_text("\n\n")
    code, _, err = distill(tmp_path / "v", "--corpus", tmp_path / "c.txt")
    assert code == 2
    assert err.startswith(f"error: {tmp_path / 'c.txt'}: no sentence in it; check --corpus")
    assert [path.name for path in tmp_path.iterdir()] == ["c.txt"]


def test_one_word_sentences_have_no_context_and_say_so(distill, tmp_path):
    (tmp_path / "c.txt").write_text("cat\ndog\n" * 10)
    code, _, err = distill(tmp_path / "v", "--corpus", tmp_path / "c.txt")
    assert code == 2
    assert "no word has a context" in err
    assert not (tmp_path / "v").exists()


def test_a_second_run_on_the_same_output_is_refused(distill, tmp_path):
    from x2static.core.storage.lock import FolderLock

    with FolderLock(tmp_path / "v.unfinished"):
        code, _, err = distill(tmp_path / "v")
    assert code == 2
    assert f"process {os.getpid()} on" in err


def test_full_disk_is_one_line_and_loses_nothing(distill, tmp_path, monkeypatch):
    import errno

    from safetensors import torch as writer

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    distill(tmp_path / "whole")
    monkeypatch.setattr(writer, "save_file", full)
    code, _, err = distill(tmp_path / "v", "--checkpoint-minutes", 0)
    assert code == 2
    assert "No space left on device" in err.splitlines()[-1]
    monkeypatch.undo()
    monkeypatch.setattr(materials, "_POOL_SENTENCES", 64)
    code, _, err = distill(tmp_path / "v", "--checkpoint-minutes", 0, "--resume")
    assert code == 0, err
    assert payload(tmp_path / "v") == payload(tmp_path / "whole")


def test_no_torch_is_one_line_with_the_remedy(distill, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    code, _, err = distill(tmp_path / "v")
    assert code == 2
    assert "pip install 'x2static-workbench[distill]'" in err


def test_all_kinds_of_runs_share_one_reading_of_the_corpus(distill, tmp_path, monkeypatch):
    """With a folder for readings, the teacher reads once, and vectors are those of its own pass."""
    from x2static.distill.learning import course

    kinds = {
        "default": ("--preset", "default"),
        "closed": ("--preset", "closed-form"),
        "one layer": ("--preset", "closed-form", "--lower-weight", 0),
        "contexts": ("--preset", "closed-form", "--own-weight", 0),
        "mean": ("--method", "aggregate"),
        "trained": (),
    }
    read, calls = course.read_pool, []

    def counted(*arguments, **options):
        calls.append(1)
        return read(*arguments, **options)

    monkeypatch.setattr(course, "read_pool", counted)
    shared = ("--layer", 3, "--precision", "fp32")
    kept = ("--cache", "on", "--cache-folder", tmp_path / "readings")
    for name, flags in kinds.items():
        code, _, err = distill(tmp_path / name, *flags, *shared, *kept)
        assert code == 0, err
    assert len(calls) == 5  # pools of the corpus
    for name, flags in kinds.items():
        distill(tmp_path / f"{name}-alone", *flags, *shared, "--cache", "off")
        one, other = (read_vectors(tmp_path / n).matrix for n in (name, f"{name}-alone"))
        np.testing.assert_allclose(one, other, atol=2e-2)
