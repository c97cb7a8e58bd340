"""``x2static export``: every format, its record, its refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from x2static.core.storage.run_record import read_record
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors

RunCli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def source(tmp_path: Path, rng: np.random.Generator) -> Path:
    matrix = rng.standard_normal((4, 3)).astype(np.float32)
    vectors = WordVectors(["Haus", "haus", "Maus", "猫"], matrix, np.array([4, 3, 2, 1]))
    write_vectors(vectors, tmp_path / "de", "safetensors")
    return tmp_path / "de"


@pytest.mark.parametrize(
    "format_name", ["word2vec", "word2vec-binary", "gensim", "glove", "safetensors"]
)
def test_each_format_is_written_with_its_record(
    format_name: str, source: Path, tmp_path: Path, run_cli: RunCli
) -> None:
    output = tmp_path / ("out.bin" if format_name == "word2vec-binary" else "out")
    arguments = ("export", source, "--format", format_name, "--output", output, "--limit", 3)
    code, out, err = run_cli(*arguments)
    assert (code, err) == (0, "")
    assert out == f"{output}: 3 words x 3, {format_name}\n"
    found = read_vectors(output, allow_pickle=True)
    np.testing.assert_array_equal(found.matrix, read_vectors(source).matrix[:3])
    record = read_record(output)
    assert record is not None
    assert record["counts"] == {"words": 3, "width": 3, "skipped": {}}
    assert list(record["inputs"]) == [str(source / "vectors.safetensors")]
    code, _, err = run_cli(*arguments)
    assert code == 2
    assert "exists already" in err
    assert run_cli(*arguments, "--overwrite")[0] == 0


def test_the_folder_for_other_libraries(source: Path, tmp_path: Path, run_cli: RunCli) -> None:
    arguments = ("export", source, "--format", "static-embedding", "--output", tmp_path / "st")
    for _ in range(2):
        code, out, _ = run_cli(*arguments, "--dtype", "float16", "--overwrite", "--json")
        assert code == 0
        assert json.loads(out)["words"] == 4
    names = sorted(path.name for path in (tmp_path / "st").iterdir())
    assert names == [
        "config.json",
        "model.safetensors",
        "modules.json",
        "run.json",
        "tokenizer.json",
    ]


def test_skipped_rows_are_recorded(tmp_path: Path, run_cli: RunCli) -> None:
    (tmp_path / "bad.vec").write_text("2 1\na 1\nb x\n")
    arguments = (
        "export",
        tmp_path / "bad.vec",
        "--format",
        "glove",
        "--output",
        tmp_path / "g.txt",
    )
    code, _, err = run_cli(*arguments)
    assert code == 2
    assert err == f"error: {tmp_path}/bad.vec:3: 'x' is not a number\n"
    assert not (tmp_path / "g.txt").exists()
    assert run_cli(*arguments, "--on-error", "skip")[0] == 0
    record = read_record(tmp_path / "g.txt")
    assert record is not None
    assert record["counts"]["skipped"] == {"not a number": 1}


def test_mistakes_are_one_line(source: Path, tmp_path: Path, refuses: Callable[..., None]) -> None:
    new = tmp_path / "new.vec"
    refuses("no such file", "export", "nowhere", "--format", "glove", "--output", new)
    refuses("--limit must be at least 1", "export", source, "--format", "glove", "--output", new,
            "--limit", 0)  # fmt: skip
    refuses("invalid choice", "export", source, "--format", "word", "--output", new)
    refuses("float16 suits", "export", source, "--format", "word2vec", "--output", new,
            "--dtype", "float16")  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["de"]
