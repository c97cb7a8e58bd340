"""Models that cannot serve end in one line; none is completed with random weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from tests.teachers import save_teacher, unigram_tokenizer
from x2static.core.errors import TeacherError
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors
from x2static.teacher import load_teacher

Variant = Callable[..., Path]
SIZE = {"hidden_size": 16, "num_hidden_layers": 4, "num_attention_heads": 2}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_teacher(tmp_path_factory.mktemp("sound") / "model")


@pytest.fixture
def variant(sound: Path, tmp_path: Path) -> Variant:
    """The sound model with other words in its config."""

    def make(**changed: object) -> Path:
        folder = Path(shutil.copytree(sound, tmp_path / "model"))
        content = json.loads((folder / "config.json").read_text()) | changed
        (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")
        return folder

    return make


def saved(folder: Path, config: Any) -> Path:
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    unigram_tokenizer().save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"num_hidden_layers": 10**9}, "says num_hidden_layers = 1000000000; expected"),
        ({"num_hidden_layers": -1}, "says num_hidden_layers = -1; expected"),
        ({"num_hidden_layers": "four"}, "says num_hidden_layers = 'four'; expected"),
        ({"num_hidden_layers": [4]}, r"says num_hidden_layers = \[4\]; expected"),
        ({"num_hidden_layers": True}, "says num_hidden_layers = True; expected"),
        ({"hidden_size": {"a": 1}}, "not a model that .* 'hidden_size' expected int"),
        ({"hidden_size": 0}, "no model can be built as its config says"),
        ({"vocab_size": 10**10}, "describes .* parameters, its weights have .* bytes"),
        ({"num_hidden_layers": 900}, "describes .* parameters, its weights have .* bytes"),
        ({"model_type": ["x"]}, r"must name a model_type, found \['x'\]"),
        ({"model_type": None}, "must name a model_type, found none"),
        ({"model_type": "model2vec"}, "word vectors, no transformer"),
        ({"is_decoder": True}, "reads from left to right only"),
        ({"is_encoder_decoder": True}, "is an encoder-decoder"),
        ({"intermediate_size": 25}, "weights cannot be loaded"),
    ],
)
def test_a_config_that_cannot_be_meant(variant, changed, line):
    folder = variant(**changed)
    with pytest.raises(TeacherError, match=f"^{folder}.*{line}"):
        load_teacher(str(folder), device="cpu")


@pytest.mark.parametrize("layer", [None, 1, 2, 4, 6, -1])
def test_weights_with_fewer_layers_than_the_config_says(variant, layer):
    """Else the last layers would be random, or the middle would be none."""
    with pytest.raises(TeacherError, match=r"fit its config: 32 parts|says 6 layers.* hold 4"):
        load_teacher(str(variant(num_hidden_layers=6)), layer, "cpu")


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (transformers.GPT2Config(n_embd=16, n_layer=4, n_head=2), "gpt2 reads from left to right"),
        (
            transformers.LlamaConfig(intermediate_size=24, vocab_size=99, **SIZE),
            "llama reads from left to right",
        ),
        (
            transformers.T5Config(d_model=16, d_kv=8, num_layers=4, num_heads=2, d_ff=24),
            "t5 is an encoder-decoder",
        ),
    ],
    ids=["gpt2", "llama", "t5"],
)
@pytest.mark.parametrize("layer", [None, -1])
def test_families_that_are_no_encoder(tmp_path, config, line, layer):
    with pytest.raises(TeacherError, match=line):
        load_teacher(str(saved(tmp_path / "model", config)), layer, "cpu")


def test_weights_that_are_no_numbers(sound, tmp_path):
    model = transformers.AutoModel.from_pretrained(sound)
    with torch.no_grad():
        model.embeddings.word_embeddings.weight.fill_(float("nan"))
    folder = Path(shutil.copytree(sound, tmp_path / "model"))
    model.save_pretrained(folder)
    with pytest.raises(TeacherError, match="its states are no numbers"):
        load_teacher(str(folder), device="cpu")


@pytest.mark.parametrize("kind", ["safetensors", "static-embedding"])
def test_a_folder_of_word_vectors_is_no_teacher(tmp_path, kind):
    folder = tmp_path / "vectors"
    write_vectors(WordVectors(["a", "b"], np.eye(2, dtype=np.float32)), folder, kind)
    with pytest.raises(TeacherError, match=f"^{folder}: word vectors, no transformer"):
        load_teacher(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[1]", "must hold an object, found list"),
        ("{", "cannot be read"),
        ("[" * 100_000, "nested too deep"),
        ('{"a":' * 100_000, "nested too deep"),
        ("", "cannot be read"),
    ],
    ids=["list", "torn", "deep list", "deep object", "empty"],
)
def test_a_config_file_that_is_none(variant, text, line):
    folder = variant()
    (folder / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(TeacherError, match=line):
        load_teacher(str(folder), device="cpu")


def test_checking_the_size_of_a_model_draws_nothing_from_the_generator(sound):
    from x2static.teacher.loading.weights import check_size

    config = transformers.AutoConfig.from_pretrained(sound)
    before = torch.get_rng_state()
    check_size(str(sound), lambda: transformers.AutoModel.from_config(config))
    assert torch.equal(before, torch.get_rng_state())
