"""gensim's own format: never unpickled unasked, written so that gensim loads it."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from x2static.core.errors import VectorFormatError
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors


class Bomb:
    def __init__(self, crater: Path) -> None:
        self.crater = crater

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.crater,)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("name", ["x.kv", "x.vec", "x.bin", "x"])
def test_a_pickle_is_not_executed(name: str, protocol: int, tmp_path: Path) -> None:
    path, crater = tmp_path / name, tmp_path / "crater"
    path.write_bytes(pickle.dumps(Bomb(crater), protocol=protocol))
    with pytest.raises(VectorFormatError, match="pass --allow-pickle if you trust its maker"):
        read_vectors(path)
    assert not crater.exists()
    with pytest.raises(VectorFormatError):  # it would run where the user says so
        read_vectors(path, allow_pickle=True)
    assert crater.exists()


def test_gensim_loads_one_file(tmp_path: Path, rng: np.random.Generator) -> None:
    from gensim.models import KeyedVectors

    matrix = rng.standard_normal((3, 4)).astype(np.float32)
    vectors = WordVectors(["a", "b\u00a0c", "猫"], matrix, np.array([5, 4, 3]))
    write_vectors(vectors, tmp_path / "x.kv", "gensim")
    assert [path.name for path in tmp_path.iterdir()] == ["x.kv"]
    keyed = KeyedVectors.load(str(tmp_path / "x.kv"))
    np.testing.assert_array_equal(keyed.vectors, matrix)
    assert keyed.index_to_key == list(vectors.words)
    assert keyed.get_vecattr("猫", "count") == 3
    assert keyed.most_similar("a", topn=2)


def test_the_same_vectors_give_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("gensim")
    vectors = WordVectors(["a", "b"], np.eye(2, dtype=np.float32))
    for name in ("one.kv", "another.kv"):
        write_vectors(vectors, tmp_path / name, "gensim")
    assert (tmp_path / "one.kv").read_bytes() == (tmp_path / "another.kv").read_bytes()


def test_a_whole_gensim_model_is_read(tmp_path: Path) -> None:
    from gensim.models import Word2Vec

    model = Word2Vec([["a", "b", "a"]], vector_size=3, min_count=1, workers=1, epochs=1)
    model.save(str(tmp_path / "model"))
    found = read_vectors(tmp_path / "model", allow_pickle=True)
    np.testing.assert_array_equal(found["b"], model.wv["b"])
    assert found.counts is not None
    assert found.counts.tolist() == [2, 1]


def test_other_pickles_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "x.kv").write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(VectorFormatError, match="x.kv"):
        read_vectors(tmp_path / "x.kv", allow_pickle=True)
    (tmp_path / "x.kv").write_bytes(b"\x80\x04 no pickle")
    with pytest.raises(VectorFormatError, match="gensim cannot load it"):
        read_vectors(tmp_path / "x.kv", allow_pickle=True)
