"""Which layer a run reads: one answer for a folder and for a hub name of the same model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distill.conftest import write_corpus
from x2static.core.config import configured
from x2static.distill.config import DistillConfig
from x2static.distill.layer import choose_layer


def settings(teacher: object, preset: str = "default", **other: object) -> DistillConfig:
    return configured(
        DistillConfig, preset=preset, corpus=Path("c"), output=Path("v"), teacher=str(teacher),
        **other,
    )  # fmt: skip


@pytest.fixture
def sentence_encoder(tmp_path, teacher_folder):
    folder = shutil.copytree(teacher_folder, tmp_path / "encoder")
    (folder / "modules.json").write_text("[]")
    return folder


@pytest.mark.parametrize(
    ("preset", "layer"), [("default", -1), ("paper", None), ("x2static-released", -1)]
)
def test_presets_choose_for_a_sentence_encoder(sentence_encoder, teacher_folder, preset, layer):
    assert choose_layer(settings(sentence_encoder, preset)).layer == layer
    if preset == "default":
        assert choose_layer(settings(teacher_folder, preset)).layer is None


def test_a_set_layer_is_read(sentence_encoder):
    choice = choose_layer(settings(sentence_encoder, layer=1))
    assert (choice.layer, choice.reason) == (1, "as set")


def plant_in_cache(folder: Path, cache: Path, name: str) -> None:
    """A model as the hub's client keeps it once fetched; files that are not there are marked."""
    owner = cache / "hub" / f"models--{name.replace('/', '--')}"
    commit = "1" * 40
    shutil.copytree(folder, owner / "snapshots" / commit)
    (owner / "refs").mkdir()
    (owner / "refs" / "main").write_text(commit)
    if not (folder / "modules.json").exists():
        (owner / ".no_exist" / commit).mkdir(parents=True)
        (owner / ".no_exist" / commit / "modules.json").touch()


@pytest.mark.parametrize("kind", ["sentence", "plain"])
def test_a_hub_name_and_a_folder_are_read_alike(tmp_path, sentence_encoder, teacher_folder, kind):
    folder = {"sentence": sentence_encoder, "plain": teacher_folder}[kind]
    plant_in_cache(folder, tmp_path / "hf", "planted/encoder")
    corpus = write_corpus(tmp_path / "c.txt", 20)
    found = {}
    for name, teacher in (("folder", folder), ("hub", "planted/encoder")):
        done = subprocess.run(
            [sys.executable, "-m", "x2static", "distill", "--corpus", corpus, "--teacher", teacher,
             "--output", tmp_path / name, "--device", "cpu"],
            env={**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"},
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found[name] = json.loads((tmp_path / name / "run.json").read_text())["resolved"]
        stated = {"sentence": "layer 4 of 4 (the last: ", "plain": "layer 2 of 4 (the middle: "}
        assert stated[kind] in done.stderr
    assert found["hub"] == found["folder"]
    assert found["hub"]["layer"] == {"sentence": 4, "plain": 2}[kind]
    assert (tmp_path / "hub" / "vectors.safetensors").read_bytes() == (
        tmp_path / "folder" / "vectors.safetensors"
    ).read_bytes()


def test_a_name_that_no_hub_could_have_is_left_to_the_loader(tmp_path):
    assert choose_layer(settings("no such folder")).layer is None
