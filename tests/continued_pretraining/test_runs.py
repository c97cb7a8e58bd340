"""Whole runs: resumed after kill -9, stopped by signals, in two processes, from scratch."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from safetensors.numpy import load_file

from continued_pretraining.processes import Processes
from continued_pretraining.training.curve import CurveFile
from continued_pretraining.training.validation import Validation
from tests.continued_pretraining.conftest import save_masked_model
from tests.teachers import unigram_tokenizer

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["transformers.models.xlm_roberta.modeling_xlm_roberta", "continued_pretraining.stage"]
)
NEVER = 10**9


def flags(data: Path, model: Path, output: Path, *extra: object) -> list[str]:
    given = [
        "pretrain", "--text", data / "*.txt", "--vectors", data / "*.vec", "--output", output,
        "--model", model, "--steps", 10, "--unit", "lines", "--block", 24, "--mlm-batch", 6,
        "--align-batch", 12, "--validation-words", 4, "--validation-sequences", 8,
        "--validate-every", 4, "--precision", "fp32", "--device", "cpu", "--log-every", 1,
        "--learning-rate", "1e-3", "--warmup", 2, *extra,
    ]  # fmt: skip
    return [str(value) for value in given]


def run_child(arguments: list[str], deadly: int, environment: dict[str, str], output: Path) -> None:
    """What each process does: checkpoints after every update, death before the ``deadly`` one."""
    import torch

    from continued_pretraining.__main__ import main
    from continued_pretraining.training import loop
    from continued_pretraining.training.update import Updater

    os.environ.update(environment)
    for descriptor, name in ((1, "out"), (2, "err")):
        target = os.open(output / name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(target, descriptor)
    torch.set_num_threads(1)
    loop.SaveClock.is_due = lambda clock: True  # type: ignore[method-assign]
    run = Updater.run

    def run_or_die(self: Updater, step: int) -> Any:
        if step == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(self, step)

    Updater.run = run_or_die  # type: ignore[method-assign]
    sys.exit(main(arguments[1:]))


class Child:
    """A run in a process of its own, forked from one in which everything is loaded."""

    def __init__(
        self, arguments: list[str], deadly: int = NEVER, environment: dict[str, str] | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.process = CONTEXT.Process(
            target=run_child, args=(arguments, deadly, environment or {}, self.folder)
        )
        self.process.start()

    @property
    def err(self) -> str:
        path = self.folder / "err"
        return path.read_text() if path.exists() else ""

    def finish(self) -> tuple[int | None, str, str]:
        self.process.join()
        return self.process.exitcode, (self.folder / "out").read_text(), self.err


def finish(deadly: int, arguments: list[str]) -> tuple[int | None, str, str]:
    return Child(arguments, deadly).finish()


def together(arguments: list[str], size: int = 2) -> list[Child]:
    """One run in several processes, the first of them first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(size)}
    return [
        Child(arguments, environment={**meeting, "RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in range(size)
    ]


def weights(output: Path) -> bytes:
    return (output / "model.safetensors").read_bytes()


def curve(output: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (output / "curve.jsonl").read_text().splitlines()]
    for row in rows:
        row.pop("pieces_per_second", None)
        row.pop("utilisation", None)
    return rows


@pytest.mark.parametrize(
    "extra",
    [
        ("--loss", "none"),
        ("--loss", "mse", "--projection", "learn", "--choose", "objective"),
        ("--loss", "mse", "--projection", "rotate"),
        ("--loss", "dcca", "--words", "context"),
    ],
    ids=["text alone", "learning map", "rotation", "context"],
)
def test_ten_updates_are_five_a_kill_and_five(tmp_path, data, extra):
    model = save_masked_model(tmp_path / "model", dropout=0.2)
    code, _, err = finish(NEVER, flags(data, model, tmp_path / "whole", *extra))
    assert code == 0, err
    torn = tmp_path / "torn"
    assert finish(5, flags(data, model, torn, *extra))[0] == -signal.SIGKILL
    assert not torn.exists()
    code, _, err = finish(NEVER, flags(data, model, torn, *extra, "--resume"))
    assert code == 0, err
    assert "resuming after 5 updates" in err
    assert weights(torn) == weights(tmp_path / "whole")
    assert curve(torn) == curve(tmp_path / "whole")
    assert not (tmp_path / "torn.unfinished").exists()


def test_a_damaged_checkpoint_is_passed_over_with_a_message(tmp_path, data, model_folder):
    arguments = flags(data, model_folder, tmp_path / "out", "--loss", "none")
    finish(7, arguments)
    checkpoints = sorted((tmp_path / "out.unfinished" / "checkpoints").iterdir())
    assert len(checkpoints) == 2
    state = checkpoints[-1] / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-100] + bytes(100))
    code, _, err = finish(NEVER, [*arguments, "--resume"])
    assert code == 0, err
    assert f"{checkpoints[-1]}: damaged checkpoint passed over" in err
    assert "resuming after 6 updates" in err
    whole = tmp_path / "whole"
    finish(NEVER, flags(data, model_folder, whole, "--loss", "none"))
    assert weights(tmp_path / "out") == weights(whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_saves_and_resume_goes_on(tmp_path, data, model_folder, number, code):
    output = tmp_path / "out"
    arguments = flags(data, model_folder, output, "--loss", "none", "--steps", 3000)
    child = Child(arguments)
    log = tmp_path / "out.unfinished" / "curve.jsonl"
    while child.process.is_alive() and not (log.exists() and log.read_text().count("\n") > 3):
        time.sleep(0.02)
    assert child.process.pid is not None
    os.kill(child.process.pid, number)
    found, out, err = child.finish()
    assert found == code, err
    assert "resume with the same command" in out + err
    assert not output.exists()
    position = max((tmp_path / "out.unfinished" / "checkpoints").iterdir()) / "position.json"
    done = json.loads(position.read_text())["step"]
    child = Child([*arguments, "--resume"])
    while child.process.is_alive() and "resuming after" not in child.err:
        time.sleep(0.02)
    child.process.kill()
    child.process.join()
    assert f"resuming after {done:,} updates" in child.err


@pytest.mark.parametrize(
    "extra",
    [("--loss", "dcca"), ("--loss", "none", "--sampled-pieces", 10, "--log-to", "tensorboard")],
    ids=["words", "sampled pieces and a tracker"],
)
def test_two_processes_do_what_one_does(tmp_path, data, model_folder, extra):
    arguments = flags(
        data, model_folder, tmp_path / "one", "--mlm-batch", 7, "--align-batch", 13, "--steps", 4,
        *extra,
    )  # fmt: skip
    assert finish(NEVER, arguments)[0] == 0
    arguments[arguments.index(str(tmp_path / "one"))] = str(tmp_path / "two")
    ends = [child.finish() for child in together(arguments)]
    assert [code for code, _, _ in ends] == [0, 0], ends
    assert "2 x cpu" in ends[0][2]
    assert ends[1][1] == ""
    for one, two in zip(curve(tmp_path / "one"), curve(tmp_path / "two"), strict=True):
        for name in ("mlm", "alignment", "gradient_norm"):
            if name in one:
                assert two[name] == pytest.approx(one[name], rel=1e-4), (one["step"], name)
    first, second = (load_file(tmp_path / n / "model.safetensors") for n in ("one", "two"))
    for name, value in first.items():
        assert abs(value - second[name]).max() < 1e-4, name
    counts = [json.loads((tmp_path / n / "run.json").read_text())["counts"] for n in ("one", "two")]
    assert counts[0]["pieces_seen"] == counts[1]["pieces_seen"]


def test_output_is_a_plain_hugging_face_folder(tmp_path, data, model_folder, run_cli):
    from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

    code, out, err = run_cli(*flags(data, model_folder, tmp_path / "out", "--loss", "cosine"))
    assert code == 0, err
    assert out.startswith(f"{tmp_path / 'out'}: the model after")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.convert_tokens_to_ids("<mask>") == tokenizer.mask_token_id
    batch = tokenizer("the cat sat", return_tensors="pt")
    logits = AutoModelForMaskedLM.from_pretrained(tmp_path / "out")(**batch).logits
    states = AutoModel.from_pretrained(tmp_path / "out")(**batch).last_hidden_state
    assert logits.shape[:2] == states.shape[:2]
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["counts"]["updates"] == 10
    assert record["chosen"]["step"] in (4, 8, 10)
    code, out, _ = run_cli(
        *flags(data, model_folder, tmp_path / "out", "--loss", "cosine"), "--resume"
    )
    assert (code, out) == (0, f"{tmp_path / 'out'}: done before, nothing to do\n")


def test_a_model_from_scratch_learns(tmp_path, data, run_cli):
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    arguments = [
        "pretrain", "--text", data / "*.txt", "--output", tmp_path / "out", "--loss", "none",
        "--from-scratch", "layers=2,width=32,heads=2,vocabulary=60,positions=40",
        "--steps", 60, "--unit", "lines", "--block", 24, "--mlm-batch", 16, "--learning-rate",
        "1e-2", "--warmup", 5, "--validation-sequences", 16, "--device", "cpu",
        "--embeddings-from", data / "*.vec", "--validate-every", 20,
    ]  # fmt: skip
    assert run_cli(*arguments)[0] == 0
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["chosen"]["validation"]["mlm"] < 0.9 * record["first_validation"]["mlm"]
    measured = {row["step"]: row["validation"]["mlm"] for row in curve(tmp_path / "out")
                if row["step"] and "validation" in row}  # fmt: skip
    assert record["chosen"]["step"] == min(measured, key=lambda step: measured[step])
    assert sorted(measured) == [20, 40, 60]
    model = AutoModelForMaskedLM.from_pretrained(tmp_path / "out")
    assert model.config.model_type == "xlm-roberta"
    assert model.config.num_hidden_layers == 2
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer("the cat")["input_ids"][0] == tokenizer.bos_token_id
    assert "," in tokenizer.tokenize("the cat, the")
    assert (
        tokenizer.decode(tokenizer("the cat")["input_ids"], skip_special_tokens=True) == "the cat"
    )


def test_pairs_choose_the_checkpoint(tmp_path, data, model_folder, run_cli):
    pairs = tmp_path / "de-en.tsv"
    long = "old " * 60
    text = f"the cat\tthe dog\nbig house\tred tree\n{long}\tmouse ran\n"
    pairs.write_text(text, encoding="utf-8")
    arguments = flags(data, model_folder, tmp_path / "out", "--loss", "none")
    extra = ["--validation-pairs", str(pairs), "--choose", "pairs", "--pairs-layer", "2"]
    code, _, err = run_cli(*arguments, *extra)
    assert code == 0, err
    assert "1 of the 6 texts of de-en are longer than --block and were cut" in err
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert record["counts"]["validation_texts_cut"] == {"de-en": 1}
    assert set(record["chosen"]["validation"]["pairs"]) == {"de-en"}


def test_pairs_of_one_name_are_kept_apart(tmp_path, data, model_folder, run_cli):
    files = [tmp_path / name / "pairs.tsv" for name in ("de", "fr")]
    for path, text in zip(files, ("the cat\tthe dog\nold\tred\n", "a\ta\nold\told\n"), strict=True):
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    arguments = flags(data, model_folder, tmp_path / "out", "--loss", "none", "--steps", 1)
    code, _, err = run_cli(*arguments, "--validation-pairs", *files, "--choose", "pairs")
    assert code == 0, err
    found = json.loads((tmp_path / "out" / "run.json").read_text())["first_validation"]["pairs"]
    assert set(found) == {"de-pairs", "fr-pairs"}
    assert found["fr-pairs"] == 1


def test_another_tokenizer_in_the_same_folder_is_another_run(tmp_path, data, run_cli):
    tokenizer = unigram_tokenizer()
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    arguments = [
        "pretrain", "--text", data / "*.txt", "--output", tmp_path / "out", "--loss", "none",
        "--from-scratch", "layers=1,width=16,heads=2,positions=40", "--tokenizer",
        tmp_path / "tokenizer", "--steps", 1, "--block", 24, "--mlm-batch", 2,
        "--validation-sequences", 4, "--device", "cpu", "--resume",
    ]  # fmt: skip
    assert run_cli(*arguments)[0] == 0
    code, out, _ = run_cli(*arguments)
    assert (code, "done before" in out) == (0, True)
    tokenizer.add_tokens(["mouse"])
    tokenizer.save_pretrained(tmp_path / "tokenizer")
    code, _, err = run_cli(*arguments)
    assert code == 2
    assert "was made by another run" in err


def test_tensorboard_gets_the_figures(tmp_path, data, model_folder):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    output = tmp_path / "out"
    arguments = flags(data, model_folder, output, "--loss", "none", "--log-to", "tensorboard")
    code, _, err = finish(NEVER, arguments)
    assert code == 0, err
    (folder,) = {path.parent for path in (output / "trackers").rglob("events.out.tfevents*")
                 if path.parent.name == "x2static-pretrain"}  # fmt: skip
    events = EventAccumulator(str(folder))
    events.Reload()
    shown = {
        name: {event.step: event.value for event in events.Scalars(name)}
        for name in ("mlm", "validation/mlm", "validation/by_language/de")
    }
    assert [len(values) for values in shown.values()] == [10, 4, 4]
    for row in curve(output):
        step, found = row["step"], row.get("validation")
        if found is None:
            assert shown["mlm"][step] == pytest.approx(row["mlm"])
        else:
            assert shown["validation/mlm"][step] == pytest.approx(found["mlm"])
            by_language = shown["validation/by_language/de"][step]
            assert by_language == pytest.approx(found["by_language"]["de"])


def test_a_tracker_on_the_web_keeps_its_files_in_the_run_folder(tmp_path):
    processes, given = Processes("cpu", log_folder=str(tmp_path / "trackers")), []
    processes.accelerator = SimpleNamespace(
        init_trackers=lambda *args, **options: given.append((args, options))
    )
    processes.start_trackers({"steps": 3})
    options = {"init_kwargs": {"wandb": {"dir": str(tmp_path / "trackers")}}}
    assert given == [(("x2static-pretrain", {"steps": 3}), options)]
    assert (tmp_path / "trackers").is_dir()  # or the tracker would take another one


def test_the_curve_goes_back_to_the_checkpoint(tmp_path):
    curve_file = CurveFile(tmp_path)
    for step in (1, 2, 3):
        curve_file.add(step, {"mlm": 1.0})
    with curve_file.path.open("a") as stream:
        stream.write('{"step": 4, "ml')
    curve_file.go_back(2)
    rows = [json.loads(line) for line in curve_file.path.read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("choose", "better", "worse"),
    [
        ("mlm", Validation({"mlm": 2.0}), Validation({"mlm": 2.1})),
        (
            "objective",
            Validation({"mlm": 2.0, "alignment": -5.0}),
            Validation({"mlm": 1.9, "alignment": -1.0}),
        ),
        ("pairs", Validation({"mlm": 2.0}, {"a": 0.5}), Validation({"mlm": 1.0}, {"a": 0.4})),
        ("pairs", Validation({"mlm": 2.0}, {"a": 0.5}), Validation({"mlm": 2.4}, {"a": 0.6})),
    ],
)
def test_the_better_checkpoint_has_the_higher_score(choose, better, worse):
    weights_of = {"mlm": 1.0, "alignment": 0.5}
    assert better.score(choose, weights_of, 2.0) > worse.score(choose, weights_of, 2.0)


def test_one_setting_file_serves_both_programs(tmp_path, data, model_folder, run_cli):
    settings = tmp_path / "run.toml"
    settings.write_text(
        f'text = ["{data}/*.txt"]\noutput = "{tmp_path / "out"}"\nmodel = "{model_folder}"\n'
        'loss = "none"\nsteps = 2\nblock = 16\ndevice = "cpu"\nvalidate_every = 0\n',
        encoding="utf-8",
    )
    from continued_pretraining.__main__ import main

    assert main(["--config", str(settings)]) == 0
    assert run_cli("pretrain", "--config", settings, "--overwrite")[0] == 0
    assert main(["--config", str(settings)]) == 2
    assert main(["--setps", "3"]) == 2
