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
        DistillConfig,
        preset=preset,
        corpus=Path("c"),
        output=Path("v"),
        teacher=str(teacher),
        **other,
    )


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


ALL = """
import json, sys
from x2static.cli import main
for words in json.loads(sys.argv[1]):
    print("begins", file=sys.stderr)
    if main(words):
        sys.exit("failed: " + " ".join(words))
"""


def test_a_hub_name_and_a_folder_are_read_alike(tmp_path, sentence_encoder, teacher_folder):
    corpus, commands = write_corpus(tmp_path / "c.txt", 20), []
    for kind, folder in (("sentence", sentence_encoder), ("plain", teacher_folder)):
        plant_in_cache(folder, tmp_path / "hf", f"planted/{kind}")
        (tmp_path / kind).mkdir()
        for name, teacher in (("folder", folder), ("hub", f"planted/{kind}")):
            commands.append(
                ["distill", "--corpus", str(corpus), "--teacher", str(teacher), "--output",
                 str(tmp_path / kind / name), "--device", "cpu"]
            )  # fmt: skip
    done = subprocess.run(  # the hub's client reads the place of its cache when it is loaded
        [sys.executable, "-c", ALL, json.dumps(commands)],
        env={**os.environ, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    _, *said = done.stderr.split("begins\n")
    last, middle = "layer 4 of 4 (the last: ", "layer 2 of 4 (the middle: "
    for text, line in zip(said, (last, last, middle, middle), strict=True):
        assert line in text
    for kind, layer in (("sentence", 4), ("plain", 2)):
        found = {
            name: json.loads((tmp_path / kind / name / "run.json").read_text())["resolved"]
            for name in ("folder", "hub")
        }
        assert found["hub"] == found["folder"]
        assert found["hub"]["layer"] == layer
        assert (tmp_path / kind / "hub" / "vectors.safetensors").read_bytes() == (
            tmp_path / kind / "folder" / "vectors.safetensors"
        ).read_bytes()


def test_a_name_that_no_hub_could_have_is_left_to_the_loader(tmp_path):
    assert choose_layer(settings("no such folder")).layer is None
