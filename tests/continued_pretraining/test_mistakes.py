"""Errors a user can fix: one line each, nothing written."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.continued_pretraining.conftest import write_vec
from tests.teachers import save_teacher

Refuses = Callable[..., None]


@pytest.fixture
def arguments(data, model_folder, tmp_path) -> list[object]:
    return [
        "pretrain", "--output", tmp_path / "out", "--model", model_folder, "--block", 16,
        "--steps", 2, "--device", "cpu",
    ]  # fmt: skip


def test_what_the_settings_alone_can_tell(refuses, arguments, data):
    text, vectors = ["--text", data / "*.txt"], ["--vectors", data / "*.vec"]
    refuses("--text names no file", "pretrain", "--output", "x", "--loss", "none")
    refuses("--loss dcca needs --vectors", *arguments, *text)
    refuses("--mask-rate must lie", *arguments, *text, *vectors, "--mask-rate", "1.5")
    refuses("--steps must be at least 1", *arguments, *text, *vectors, "--steps", "0")
    refuses("--betas", *arguments, *text, *vectors, "--betas", "0.9")
    refuses("serves --from-scratch", *arguments, *text, *vectors, "--tokenizer", "some/folder")
    refuses("--pool cls", *arguments, *text, *vectors, "--words", "context", "--pool", "cls")
    refuses("needs --validation-pairs", *arguments, *text, *vectors, "--choose", "pairs")
    refuses("known are", *arguments, *text, *vectors, "--log-to", "paper")


def test_missing_files(refuses, arguments, data, tmp_path):
    refuses(
        r"--text .*fr\.txt: no such file", *arguments, "--text", data / "fr.txt", "--loss", "none"
    )
    refuses("no file matches", *arguments, "--text", data / "*.html", "--loss", "none")
    refuses(
        "--vectors .*no such file",
        *arguments,
        "--text",
        data / "*.txt",
        "--vectors",
        tmp_path / "de.vec",
    )
    assert not list(tmp_path.glob("out*"))


@pytest.fixture
def stops(run_cli) -> Refuses:
    """Like ``refuses``, but lines of progress may come before the error."""

    def check(pattern: str, *given: object) -> None:
        code, _, err = run_cli(*given)
        assert code == 2
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1, err
        assert re.search(pattern, errors[0]), errors[0]

    return check


def test_what_the_data_tell(stops, arguments, data, tmp_path, model_folder):
    def check(pattern: str, *given: object) -> None:
        stops(pattern, *arguments, *given)

    text = ["--text", data / "*.txt"]
    empty = tmp_path / "sv.txt"
    empty.write_text("\n\n", encoding="utf-8")
    check(r"sv\.txt: no text in it", "--text", empty, "--loss", "none")
    narrow = write_vec(tmp_path / "de.vec", 5, 0)
    check(
        "vectors are 5 wide, the model's states 16; use --projection rotate",
        *text,
        "--vectors",
        narrow,
        "--loss",
        "mse",
        "--projection",
        "none",
    )
    check("widths differ: de 5, en 16", *text, "--vectors", narrow, data / "en.vec")
    other = write_vec(tmp_path / "fi.vec", 16, 0)
    check(
        "no language has both text and vectors: --text has de, en, --vectors fi",
        *text,
        "--vectors",
        other,
        "--words",
        "context",
    )
    check("reads at most 40 pieces", *text, "--loss", "none", "--block", 64)
    bad = tmp_path / "pairs.tsv"
    bad.write_text("one two\n", encoding="utf-8")
    check(
        r"pairs\.tsv:1: expected a text, a tab", *text, "--loss", "none", "--validation-pairs", bad
    )


def test_models_that_cannot_serve(stops, arguments, data, tmp_path):
    def check(pattern: str, model: Path) -> None:
        stops(pattern, *arguments, "--text", data / "*.txt", "--loss", "none", "--model", model)

    check("no such model folder", tmp_path / "nowhere")
    remedy = "give a folder with config.json, weights and tokenizer, or a model name the hub knows$"
    check(f"nothing: not a model that can be loaded .*; {remedy}", Path("nothing"))
    (tmp_path / "bare").mkdir()
    shutil.copy(Path(str(arguments[4])) / "config.json", tmp_path / "bare")
    check("no tokenizer in this folder", tmp_path / "bare")
    torn = save_teacher(tmp_path / "torn")
    (torn / "model.safetensors").write_bytes(b"torn")
    check("its weights have 4 bytes; fetch or save the model again", torn)


def test_no_part_of_a_pre_trained_encoder_begins_at_random(stops, arguments, data, tmp_path):
    short = Path(shutil.copytree(arguments[4], tmp_path / "short"))
    config = (short / "config.json").read_text(encoding="utf-8")
    config = config.replace('"num_hidden_layers": 3', '"num_hidden_layers": 5')
    (short / "config.json").write_text(config, encoding="utf-8")
    given = ["--text", data / "*.txt", "--loss", "none", "--model", short]
    stops("its weights do not fit its config: 32 parts of the encoder", *arguments, *given)


def test_outputs_are_not_overwritten(refuses, arguments, data, tmp_path):
    given = [*arguments, "--text", data / "*.txt", "--loss", "none"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("precious", encoding="utf-8")
    refuses("exists already", *given)
    refuses("no earlier run made", *given, "--overwrite")
    assert (tmp_path / "out" / "mine.txt").read_text() == "precious"


def test_an_unfinished_run_with_other_settings_is_not_resumed(stops, arguments, data, tmp_path):
    from x2static.core.storage.work_folder import WorkFolder

    given = [*arguments, "--text", data / "*.txt", "--loss", "none"]
    with WorkFolder(tmp_path / "out") as work:
        work.claim({"seed": 7})
    stops("the run there is another one", *given, "--resume")
    stops("resume it with --resume, or discard it", *given)


def test_words_that_cannot_be_used_are_counted(run_cli, arguments, data, tmp_path):
    vectors = write_vec(tmp_path / "de.vec", 16, 0, words=("the", "cat", "dog", "the" * 30))
    with vectors.open("a") as stream:
        stream.write("mouse" + 16 * " 0" + "\n")
    text = vectors.read_text().replace("4 16", "5 16")
    vectors.write_text(text, encoding="utf-8")
    code, _, err = run_cli(
        *arguments, "--text", data / "*.txt", "--vectors", vectors, "--align-batch", 2
    )
    assert code == 0, err
    assert "words: de 3, " in err
    assert "warning: 2 words without usable pieces or vector left out" in err


def test_languages_that_do_not_meet_are_named(run_cli, arguments, data, tmp_path):
    (tmp_path / "text").mkdir()
    for language in ("de", "en"):
        shutil.copy(data / f"{language}.txt", tmp_path / "text" / f"{language}.raw.txt")
    given = [*arguments, "--align-batch", 2, "--vectors", data / "*.vec", "--text"]
    code, _, err = run_cli(*given, tmp_path / "text" / "*.txt")
    assert code == 0, err
    assert "warning: vectors but no text for de, en\n" in err
    assert "warning: text but no vectors for raw: its words are not aligned\n" in err
    assert (
        "warning: --text: de.raw.txt, en.raw.txt all count as language raw; if they are not one "
        "language, name it, as in --text xx=de.raw.txt\n"
    ) in err
    named = [f"{name}={tmp_path / 'text' / name}.raw.txt" for name in ("de", "en")]
    code, _, err = run_cli(*given, *named, "--overwrite")
    assert code == 0, err
    assert "warning: vectors" not in err
    assert "warning: text" not in err
    assert "warning: --text" not in err


def test_too_few_words_for_a_correlation_are_told(run_cli, arguments, data):
    """19 words of each language against 16 dimensions: almost anything looks related."""
    code, _, err = run_cli(*arguments, "--text", data / "*.txt", "--vectors", data / "*.vec")
    assert code == 0, err
    assert re.search(r"dcca: -[\d.]+ at the start, -[\d.]+ with each word's vector exchanged", err)
    assert re.search(r"warning: \d\d% of what dcca can reach is chance: give more words", err)


def test_a_full_disk_is_one_clear_line(stops, arguments, data, monkeypatch):
    from safetensors import SafetensorError

    def full(*_args: object, **_options: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    import safetensors.torch

    monkeypatch.setattr(safetensors.torch, "save_file", full)
    full_disk = "No space left on device.*nothing was written"
    stops(full_disk, *arguments, "--text", data / "*.txt", "--loss", "none")


@pytest.mark.parametrize("scratch", [False, True], ids=["at the end", "at the start"])
def test_a_disk_that_is_full_for_the_tokenizer(stops, arguments, data, monkeypatch, scratch):
    import transformers

    def full(*_args: object, **_options: object) -> None:
        raise Exception("No space left on device (os error 28)")  # as the library in Rust does

    monkeypatch.setattr(transformers.PreTrainedTokenizerFast, "save_pretrained", full)
    shape = ["--from-scratch", "layers=1,width=16,heads=2,vocabulary=60,positions=40"]
    stops(
        "No space left on device.*nothing was written",
        *arguments,
        "--text",
        data / "*.txt",
        "--loss",
        "none",
        *(shape if scratch else []),
    )


def test_a_loss_that_blows_up_stops_the_run(stops, arguments, data, monkeypatch, tmp_path):
    monkeypatch.setattr("continued_pretraining.config._LARGEST_RATE", 1e30)
    stops(
        "update 2: .*lower --learning-rate", *arguments, "--text",
        data / "*.txt", "--loss", "none", "--learning-rate", "1e30", "--log-every", 2, "--clip", 0,
        "--precision", "fp32",
    )  # fmt: skip
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize("with_checkpoint", [False, True])
def test_an_error_takes_away_what_it_made_but_no_checkpoint(tmp_path, with_checkpoint):
    from continued_pretraining.stage import nothing_left_behind
    from x2static.core.errors import ConfigError

    work = tmp_path / "out.unfinished"
    (work / "prepared" / "old").mkdir(parents=True)
    with pytest.raises(ConfigError), nothing_left_behind(work):
        (work / "prepared" / "new").mkdir()
        (work / "manifest.json").touch()
        if with_checkpoint:
            (work / "checkpoints" / "1").mkdir(parents=True)
        raise ConfigError("in vain")
    found = {str(path.relative_to(work)) for path in work.rglob("*")}
    kept = {"prepared", "prepared/old"}
    made = {"prepared/new", "manifest.json", "checkpoints", "checkpoints/1"}
    assert found == (kept | made if with_checkpoint else kept)


def test_pre_training_without_torch_names_the_extra(python, arguments, data, tmp_path):
    """In a process of its own: here torch is long imported."""
    import subprocess

    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from x2static.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    given = [*arguments, "--text", data / "*.txt", "--loss", "none"]
    answer = subprocess.run(
        [python, "-c", code, *map(str, given)], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2
    assert re.fullmatch(r"error: pre-training needs .*torch.*\n", answer.stderr), answer.stderr
    assert not list(tmp_path.glob("out*"))


def test_a_text_that_the_tokenizer_cannot_read_is_said(run_cli, arguments, data, tmp_path):
    (tmp_path / "ko.txt").write_text("고양이가 자고 있다 그리고 강아지도\n" * 40, encoding="utf-8")
    code, _, err = run_cli(
        *arguments, "--text", tmp_path / "ko.txt", data / "en.txt", "--loss", "none"
    )
    assert code == 0, err
    assert "cannot read much of the text of ko: " in err
    assert "the text of en" not in err
    counts = json.loads((tmp_path / "out" / "run.json").read_text())["counts"]
    assert counts["unreadable_share"]["ko"] > 0.3
    assert counts["unreadable_share"]["en"] == 0


def test_a_text_in_another_writing_than_its_languages_is_said(run_cli, arguments, data, tmp_path):
    shutil.copy(data / "en.txt", tmp_path / "ko.txt")
    code, _, err = run_cli(*arguments, "--text", tmp_path / "ko.txt", "--loss", "none")
    assert code == 0, err
    assert "0% of its letters are Cjk or Hangul, as ko is written; most are Latin" in err
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["script"] == {"ko": {"language": "ko", "share": 0.0, "mostly": "LATIN"}}
