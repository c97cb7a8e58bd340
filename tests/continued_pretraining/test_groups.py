"""A model for each group of languages, random groups and all languages beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from continued_pretraining.config import PretrainConfig
from continued_pretraining.groups import planned
from tests.continued_pretraining.conftest import save_masked_model, write_text
from x2static.core.errors import ConfigError


@pytest.fixture
def world(tmp_path: Path) -> Path:
    save_masked_model(tmp_path / "model")
    for seed, code in enumerate(("de", "fr", "hi")):
        write_text(tmp_path / f"{code}.txt", 40, seed)
    content = {
        "groups": [
            {"name": "group-1", "pivot": "de", "languages": ["de", "fr"]},
            {"name": "group-2", "pivot": "hi", "languages": ["hi", "ur"]},
            {"name": "group-3", "pivot": "ja", "languages": ["ja"]},
        ],
        "random": [
            [
                {"name": "random-1-1", "languages": ["hi", "de"]},
                {"name": "random-1-2", "languages": ["fr"]},
            ]
        ],
    }
    (tmp_path / "groups.json").write_text(json.dumps(content))
    return tmp_path


def words(world: Path, *more: object) -> list[object]:
    return [
        "pretrain", "--model", world / "model", "--text", world / "*.txt", "--loss", "none",
        "--steps", 2, "--mlm-batch", 2, "--block", 16, "--device", "cpu", "--groups",
        world / "groups.json", "--output", world / "out", *more,
    ]  # fmt: skip


def test_each_group_gets_a_model_of_its_own_languages(world: Path, run_cli: Any) -> None:
    code, text, errors = run_cli(*words(world, "--controls", "random", "all"))
    assert code == 0, errors
    models = json.loads((world / "out" / "models.json").read_text())["models"]
    assert models == {
        "group-1": ["de", "fr"],
        "group-2": ["hi"],
        "random-1-1": ["hi", "de"],
        "random-1-2": ["fr"],
        "all": ["de", "fr", "hi"],
    }
    for name in models:
        record = json.loads((world / "out" / name / "run.json").read_text())
        assert record["counts"]["updates"] == 2
        read = {Path(path).stem for path in record["inputs"]}
        assert read == set(models[name])
    assert "group-1 (de fr)" in text


def test_a_model_is_that_of_a_run_of_its_own(world: Path, run_cli: Any) -> None:
    assert run_cli(*words(world))[0] == 0
    alone = words(world)
    place = alone.index("--groups")
    del alone[place : place + 2]
    text = alone.index("--text")
    alone[text + 1 : text + 2] = [f"de={world / 'de.txt'}", f"fr={world / 'fr.txt'}"]
    alone[alone.index("--output") + 1] = world / "alone"
    assert run_cli(*alone)[0] == 0
    first, second = (world / place / "model.safetensors" for place in ("out/group-1", "alone"))
    assert first.read_bytes() == second.read_bytes()


def test_resume_goes_on_with_what_is_not_finished(world: Path, run_cli: Any) -> None:
    assert run_cli(*words(world))[0] == 0
    stamp = (world / "out" / "group-1" / "model.safetensors").stat().st_mtime_ns
    (world / "out" / "models.json").unlink()
    for path in (world / "out" / "group-2").iterdir():
        path.unlink()
    (world / "out" / "group-2").rmdir()
    code, text, errors = run_cli(*words(world, "--resume"))
    assert code == 0, errors
    assert "done before" in text
    assert (world / "out" / "group-1" / "model.safetensors").stat().st_mtime_ns == stamp
    assert (world / "out" / "group-2" / "model.safetensors").exists()


def config(world: Path) -> PretrainConfig:
    return PretrainConfig(
        text=(str(world / "*.txt"),),
        output=world / "out",
        loss="none",
        groups=world / "groups.json",
        controls=("random", "all"),
    )


def test_all_runs_have_equal_updates_and_their_own_folder(world: Path) -> None:
    runs = planned(config(world))
    assert {settings.steps for _, _, settings in runs} == {7500}
    assert [settings.output.name for _, _, settings in runs] == [name for name, _, _ in runs]
    assert all(settings.groups is None for _, _, settings in runs)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("{", "no groups.json"),
        ('{"groups": []}', "no groups.json"),
        ('{"groups": [{"name": "g", "languages": ["de", "fr"]}], "random": [[]]}', "has hi, which"),
        (
            '{"groups": [{"name": "a", "languages": ["de"]}, {"name": "b", "languages": ["de"]}], '
            '"random": [[]]}',
            "de is in two groups",
        ),
        ('{"groups": [{"name": "../x", "languages": ["de"]}], "random": [[]]}', "it is a path"),
    ],
)
def test_groups_that_cannot_be_meant(world: Path, content: str, line: str) -> None:
    (world / "groups.json").write_text(content)
    with pytest.raises(ConfigError, match=line):
        planned(config(world))


def test_a_folder_of_others_is_left_alone(world: Path, refuses: Any) -> None:
    (world / "out").mkdir()
    (world / "out" / "novel.txt").write_text("mine")
    refuses("holds novel.txt", *words(world))
