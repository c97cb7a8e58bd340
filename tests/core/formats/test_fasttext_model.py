"""fastText's model file: gensim's reader and writer are the oracle."""

from __future__ import annotations

import numpy as np
import pytest

from x2static.core.errors import VectorFormatError
from x2static.core.formats.fasttext_model import FastTextModel
from x2static.core.vector_file import read_vectors

gensim = pytest.importorskip("gensim")

SENTENCES = [
    ["das", "Haus", "steht", "am", "Wasser"],
    ["die", "Häuser", "stehen", "am", "Fluss"],
    ["ein", "Boot", "auf", "dem", "Wasser"],
    ["поезд", "идёт", "домой"],
] * 10


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from gensim.models import FastText
    from gensim.models.fasttext import save_facebook_model

    trained = FastText(
        SENTENCES, vector_size=12, min_count=1, epochs=2, bucket=500, seed=1, workers=1
    )
    path = tmp_path_factory.mktemp("fasttext") / "cc.de.bin"
    save_facebook_model(trained, str(path))
    return trained, path


def test_words_and_unseen_words_have_fasttexts_vectors(model):
    trained, path = model
    words = [*trained.wv.index_to_key, "Hausboot", "Wasserhaus", "домоседы", "x"]
    found = FastTextModel(path).vectors_of(words)
    # gensim leaves the word's own row out of an unseen word's mean, as there is none
    expected = np.array([trained.wv[word] for word in words])
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_it_is_read_like_any_vectors(model):
    trained, path = model
    vectors = read_vectors(path, limit=5)
    assert list(vectors.words) == trained.wv.index_to_key[:5]
    assert vectors.counts is not None
    assert vectors.counts.tolist() == [trained.wv.get_vecattr(w, "count") for w in vectors.words]
    assert len(read_vectors(path)) == len(trained.wv.index_to_key)


def test_vectors_for_words_asked_are_exported(model, run_cli, write_text, tmp_path):
    trained, path = model
    listed = write_text("words.txt", "Hausboot\nWasser\n")
    output = tmp_path / "asked.vec"
    code, _, err = run_cli(
        "export", path, "--format", "word2vec", "--output", output, "--words", listed
    )
    assert code == 0, err
    found = read_vectors(output)
    assert list(found.words) == ["Hausboot", "Wasser"]
    np.testing.assert_allclose(found["Hausboot"], trained.wv["Hausboot"], atol=1e-5)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:60], "damaged fastText model"),
        (lambda data: data[: len(data) // 3], "damaged fastText model"),
        (lambda data: data[:4] + b"\x0b\0\0\0" + data[8:], "version 11, known is 12"),
    ],
)
def test_a_damaged_model_is_one_line(model, damage, message, tmp_path):
    path = tmp_path / "bad.bin"
    path.write_bytes(damage(model[1].read_bytes()))
    with pytest.raises(VectorFormatError, match=message):
        read_vectors(path)


def test_words_that_no_file_knows_are_an_error(model, refuses, write_text, tmp_path):
    (tmp_path / "x.vec").write_text("1 2\na 1 2\n")
    listed = write_text("words.txt", "b\n")
    refuses(
        "none of its 1 words has a vector", "export", tmp_path / "x.vec", "--format", "word2vec",
        "--output", tmp_path / "o.vec", "--words", listed,
    )  # fmt: skip
    refuses(
        "--words chooses the words", "export", tmp_path / "x.vec", "--format", "word2vec",
        "--output", tmp_path / "o.vec", "--words", listed, "--limit", 3,
    )  # fmt: skip
