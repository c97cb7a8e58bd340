"""The quality scripts: what they keep belongs to what it was measured on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from continued_pretraining.config import PretrainConfig
from scripts.quality import pretrain as quality_pretrain
from scripts.quality import tasks as quality_tasks
from scripts.quality import teacher as quality_teacher
from scripts.quality import widths as quality_widths
from x2static.core.outcome import Outcome


@pytest.fixture
def calls(monkeypatch):
    """What the scripts have our program do; nothing is done."""
    found: list[tuple[object, ...]] = []
    for module in (quality_pretrain, quality_tasks, quality_teacher):
        monkeypatch.setattr(module, "x2static", lambda *arguments: found.append(arguments))
    return found


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "models" / "mse-5-1"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"first")
    return folder


@pytest.fixture
def bench(tmp_path):
    teacher = tmp_path / "teacher"
    return quality_pretrain.PretrainWork(tmp_path / "data", tmp_path, teacher, 5, (2, 4))


def retrained(model: Path) -> None:
    (model / "model.safetensors").write_bytes(b"second")
    quality_pretrain.name_with_digest.cache_clear()


def test_a_model_that_is_there_is_checked_by_the_program(bench, model, calls):
    assert quality_pretrain.train(bench, "mse", 1) == model
    (call,) = calls
    assert call[0] == "pretrain"
    assert call[-1] == "--resume"


def test_vectors_that_are_there_are_checked_by_the_program(tmp_path, calls, monkeypatch):
    monkeypatch.setattr(quality_teacher, "prepare", lambda *_: tmp_path / "de.txt")
    bench = quality_teacher.TeacherWork(tmp_path, tmp_path, tmp_path / "teacher")
    bench.vectors("default", "de").mkdir(parents=True)
    quality_teacher.make(bench, "default", "de")
    (call,) = calls
    assert call[0] == "distill"
    assert "--resume" in call


def test_retrieval_scores_are_of_the_weights_that_are_there(bench, model, monkeypatch):
    found = iter([0.25] * 4 + [0.75] * 4)

    def answer(_config: object) -> Outcome:
        return Outcome("", {"rows": [{"accuracy": next(found)}]})

    monkeypatch.setattr(quality_pretrain, "find_translations", answer)
    for _ in range(2):  # the second time from the files
        scores = quality_pretrain.retrieval(bench, model, 2)
        assert scores == {f"tatoeba {name}": 0.25 for name in ("de", "fr", "es", "eu")}
    retrained(model)
    assert set(quality_pretrain.retrieval(bench, model, 2).values()) == {0.75}


def test_tagging_scores_are_of_the_weights_that_are_there(tmp_path, model, monkeypatch):
    accuracy = iter([0.25, 0.75])

    def program(*arguments: object) -> None:
        row = {"language": "fi", "accuracy": {"mean": next(accuracy)}}
        Path(str(arguments[-1])).write_text(json.dumps({"rows": [row]}))

    monkeypatch.setattr(quality_tasks, "x2static", program)
    given = ("pos", tmp_path / "data", tmp_path, model, 1)
    for _ in range(2):  # the second time from the file
        assert quality_tasks.examine(*given) == {"fi": 0.25}
    retrained(model)
    assert quality_tasks.examine(*given) == {"fi": 0.75}


def widths_bench(work: Path, rate: float = 1e-3) -> quality_widths.WidthsWork:
    return quality_widths.WidthsWork(work, work, 30, 256, 16, rate, dev=False)


def test_a_width_is_measured_once(tmp_path, monkeypatch):
    bench, trained = widths_bench(tmp_path), []

    def train(config: PretrainConfig) -> None:
        trained.append(config)
        config.output.mkdir(parents=True)
        curve = [{"validation": {"mlm": loss, "above_chance": 0.5}} for loss in (3.0, 2.5)]
        lines = "".join(json.dumps(line) + "\n" for line in curve)
        (config.output / "curve.jsonl").write_text(lines)

    monkeypatch.setattr(quality_widths, "pretrain", train)
    monkeypatch.setattr(quality_widths, "accuracies", lambda *_: {"flores de": 0.25})
    rows = [
        quality_widths.cell(bench, 384, "dcca", seed, tmp_path, {"ridge": 2.0})
        for seed in (1, 2, 1)
    ]
    assert [(config.seed, config.ridge, config.loss) for config in trained] == [
        (1, 2.0, "dcca"),
        (2, 2.0, "dcca"),
    ]
    assert rows[0] == rows[2]
    assert rows[0]["machine"]
    assert "commit" in rows[0]
    assert not any((tmp_path / "models").iterdir())  # only figures are kept
    (line,) = quality_widths.table(rows[:2]).splitlines()[2:]
    assert line == (
        "| 384 | dcca-ridge=2.0 | 2 | 25.0 ± 0.0 | 25.0 ± 0.0 | 2.500 ± 0.000 | 50 ± 0 |"
    )


def test_cells_of_other_settings_are_refused(tmp_path):
    widths_bench(tmp_path).claim()
    widths_bench(tmp_path).claim()
    with pytest.raises(SystemExit, match="take another WORK"):
        widths_bench(tmp_path, 3e-4).claim()


@pytest.mark.parametrize("flores", [True, False], ids=["FLORES", "no FLORES"])
def test_the_table_has_the_test_sets_that_are_there(bench, flores):
    scores = {"tatoeba de": 0.5, "tatoeba fr": 0.7} | ({"flores de": 0.25} if flores else {})
    row = {"name": "base", "seed": None, "retrieval": {"2": scores, "4": scores}}
    lines = quality_pretrain.table(bench, [row]).splitlines()
    heads = [cell.strip() for cell in lines[0].split("|")[3:-3]]
    cells = [cell.strip() for cell in lines[2].split("|")[3:-3]]
    assert heads == [
        f"{name}, block {n}" for n in (2, 4) for name in ("Tatoeba", "FLORES")[: 1 + flores]
    ]
    assert cells == ["60.0", "25.0"][: 1 + flores] * 2
