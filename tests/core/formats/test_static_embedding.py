"""The static-embedding folder: its tokenizer finds every word; strangers in the folder are kept."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from x2static.core.errors import OutputError
from x2static.core.formats.static_embedding import tokenizer_json, unknown_token
from x2static.core.storage.files import staged
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

WORDS = [
    "Haus", "usw.", "'s", "don't", ".", "...", "E-Mail", "A.", "A.-B", "A.B", "_x", "हिन्दी",
    "می\u200cخواهم", "[UNK]", "b\u00a0c", "x\x85y", "🙂", "(a)", "10%", "中文", "q\u3000",
]  # fmt: skip


def tokenizer_of(words: list[str]) -> Tokenizer:
    return Tokenizer.from_str(json.dumps(tokenizer_json(words, unknown_token(words))))


def test_every_word_finds_its_row() -> None:
    tokenizer = tokenizer_of(WORDS)
    for row, word in enumerate(WORDS):
        assert tokenizer.encode(word, add_special_tokens=False).ids == [row], word


@given(st.lists(st.text("aB.-'_é猫 \u00a0".replace(" ", ""), min_size=1, max_size=5), unique=True))
def test_any_word_of_letters_and_marks_finds_its_row(words: list[str]) -> None:
    tokenizer = tokenizer_of(words)
    for row, word in enumerate(words):
        assert tokenizer.encode(word, add_special_tokens=False).ids == [row], word


def test_punctuation_of_running_text_is_cut_off() -> None:
    tokens = tokenizer_of(WORDS).encode("Haus. (Haus), Haus! usw. Boot").tokens
    assert tokens == [
        "Haus",
        ".",
        "[[UNK]]",
        "Haus",
        "[[UNK]]",
        "Haus",
        "[[UNK]]",
        "usw.",
        "[[UNK]]",
    ]


def test_the_unknown_row_is_last_and_zero(tmp_path: Path) -> None:
    matrix = np.arange(1, 7, dtype=np.float32).reshape(3, 2)
    write_vectors(WordVectors(["a", "b", "c"], matrix), tmp_path / "x", "static-embedding")
    rows = load_file(tmp_path / "x" / "model.safetensors")["embeddings"]
    np.testing.assert_array_equal(rows, [*matrix, [0, 0]])
    tokenizer = Tokenizer.from_file(str(tmp_path / "x" / "tokenizer.json"))
    assert tokenizer.get_vocab_size() == 4
    assert tokenizer.encode("zzz").ids == [3]


def test_only_a_folder_of_its_own_is_replaced(tmp_path: Path) -> None:
    vectors = WordVectors(["a"], np.ones((1, 2), np.float32))
    write_vectors(vectors, tmp_path / "x", "static-embedding")
    write_vectors(
        vectors,
        tmp_path / "x",
        "static-embedding",
        dtype="float16",
        stage=partial(staged, own=True),
    )
    rows = load_file(tmp_path / "x" / "model.safetensors")["embeddings"]
    assert rows.dtype == np.float16
    (tmp_path / "x" / "thesis.docx").touch()
    with pytest.raises(OutputError, match=r"holds thesis\.docx too"):
        write_vectors(vectors, tmp_path / "x", "static-embedding")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file"):
        write_vectors(vectors, tmp_path / "file", "static-embedding")


def test_the_real_packages_load_the_folder(tmp_path: Path, rng: np.random.Generator) -> None:
    model2vec = pytest.importorskip("model2vec")
    sentence_transformers = pytest.importorskip("sentence_transformers")
    matrix = rng.standard_normal((len(WORDS), 4)).astype(np.float32)
    write_vectors(WordVectors(WORDS, matrix), tmp_path / "x", "static-embedding")
    one = model2vec.StaticModel.from_pretrained(str(tmp_path / "x"))
    other = sentence_transformers.SentenceTransformer(str(tmp_path / "x"), device="cpu")
    np.testing.assert_allclose(one.encode(WORDS), matrix, atol=1e-6)
    np.testing.assert_allclose(other.encode(WORDS), matrix, atol=1e-6)
    assert not one.encode("Boot").any()
    assert not other.encode("Boot").any()
