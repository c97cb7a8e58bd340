"""The native folder: a valid safetensors file, mapped, in half precision on request."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from x2static.core.errors import OutputError, VectorFormatError
from x2static.core.formats.safetensors_file import map_tensors
from x2static.core.storage.files import staged
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors


@pytest.fixture
def toy(rng: np.random.Generator) -> WordVectors:
    matrix = rng.standard_normal((4, 3)).astype(np.float32)
    return WordVectors(["a", "\u2028", "猫", "d"], matrix, np.array([4, 3, 2, 1]))


def test_the_safetensors_library_reads_the_file(toy: WordVectors, tmp_path: Path) -> None:
    write_vectors(toy, tmp_path / "x", "safetensors")
    tensors = load_file(tmp_path / "x" / "vectors.safetensors")
    np.testing.assert_array_equal(tensors["vectors"], toy.matrix)
    assert tensors["words"].tobytes().decode().split("\n") == list(toy.words)
    assert tensors["counts"].tolist() == [4, 3, 2, 1]


def test_the_matrix_is_mapped_and_read_only(toy: WordVectors, tmp_path: Path) -> None:
    write_vectors(toy, tmp_path / "x", "safetensors")
    matrix = read_vectors(tmp_path / "x" / "vectors.safetensors").matrix
    base: Any = matrix
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    assert not matrix.flags.writeable
    assert matrix.flags.aligned


def test_half_precision_rounds_once(toy: WordVectors, tmp_path: Path) -> None:
    write_vectors(toy, tmp_path / "x", "safetensors", dtype="float16")
    found = read_vectors(tmp_path / "x")
    assert found.matrix.dtype == np.float32
    np.testing.assert_array_equal(found.matrix, toy.matrix.astype(np.float16).astype(np.float32))
    with pytest.raises(VectorFormatError, match=r"row 2 \('b'\).*beyond 65504"):
        huge = WordVectors(["a", "b"], np.array([[1], [7e4]], np.float32))
        write_vectors(huge, tmp_path / "y", "safetensors", dtype="float16")


def test_other_files_in_the_folder_stay(toy: WordVectors, tmp_path: Path) -> None:
    write_vectors(toy, tmp_path / "x", "safetensors")
    (tmp_path / "x" / "run.json").write_text("{}")
    opened = read_vectors(tmp_path / "x")
    write_vectors(toy.head(2), tmp_path / "x", "safetensors", stage=partial(staged, own=True))
    assert (tmp_path / "x" / "run.json").exists()
    assert len(read_vectors(tmp_path / "x")) == 2
    np.testing.assert_array_equal(opened.matrix, toy.matrix)  # the old file lives while it is open


def test_a_file_in_the_place_of_the_folder_is_refused(toy: WordVectors, tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with pytest.raises(
        OutputError, match="is a file; the native format needs the name of a folder"
    ):
        write_vectors(toy, tmp_path / "x", "safetensors")


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"embeddings": np.ones((2, 2), np.float32)}, "no word vectors"),
        ({"vectors": np.ones((2, 2), np.float32), "words": b"a"}, "1 words do not fit 2 vectors"),
        ({"vectors": np.ones((2, 2), np.float32), "words": b"a\na"}, "row 2: duplicate word 'a'"),
        ({"vectors": np.ones((2, 2), np.float32), "words": b"a\nb c"}, "row 2: .* a space"),
        ({"vectors": np.ones((1, 2), np.float32), "words": b"\xff"}, "bad UTF-8 in the words"),
        (
            {"vectors": np.ones((1, 2), np.float32), "words": b"a", "counts": np.ones(3, np.int64)},
            "1 words do not fit 3 counts",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(tensors: Any, message: str, tmp_path: Path) -> None:
    if isinstance(tensors.get("words"), bytes):
        tensors = {**tensors, "words": np.frombuffer(tensors["words"], np.uint8)}
    save_file(tensors, tmp_path / "vectors.safetensors")
    with pytest.raises(VectorFormatError, match=message):
        read_vectors(tmp_path)


def test_damaged_words_do_not_fit_their_checksum(toy: WordVectors, tmp_path: Path) -> None:
    write_vectors(toy, tmp_path, "safetensors")
    path = tmp_path / "vectors.safetensors"
    path.write_bytes(path.read_bytes().replace("猫".encode(), "犬".encode()))
    with pytest.raises(VectorFormatError, match="the words do not fit their checksum"):
        read_vectors(tmp_path)


@pytest.mark.parametrize(
    "header",
    [
        "[]",
        '{"x":1}',
        '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}',
        '{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}',
        '{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        '{"x":{"dtype":"Q9","shape":[2],"data_offsets":[0,8]}}',
        '{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,-8]}}',
        '{"x":{"dtype":"F32"}}',
        '{"__metadata__":7,"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        "not json",
    ],
)
def test_a_damaged_header_is_one_line(header: str, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(8))
    with pytest.raises(VectorFormatError, match="truncated or damaged"):
        map_tensors(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_are_looked_at_unless_the_file_is_trusted(tmp_path: Path, value: float) -> None:
    matrix = np.full((9_000, 2), 3e38, np.float32)  # finite, though a float32 sum is not
    place = tmp_path / "vectors.safetensors"
    words = "\n".join(map(str, range(9_000))).encode()
    parts = {"vectors": matrix, "words": np.frombuffer(words, np.uint8)}
    save_file(parts, place)
    assert len(read_vectors(place)) == 9_000
    matrix[8_500, 1] = value
    save_file(parts, place)
    with pytest.raises(VectorFormatError, match=r"safetensors: row 8501 \('8500'\) holds NaN"):
        read_vectors(place)
    assert len(read_vectors(place, limit=8_500)) == 8_500
    assert len(read_vectors(place, is_trusted=True)) == 9_000
