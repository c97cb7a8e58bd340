"""The walk of CONTRIBUTING: a vector format is one new file and lines in two others."""

from __future__ import annotations

import numpy as np

from tests.house.added import Program
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

NEW = {
    "x2static/core/formats/tabs.py": '''"""Words and numbers between tabs, and nothing else."""

from x2static.core.storage.files import staged


def write_tabs(vectors, path, stage=staged):
    """Write the rows."""
    with stage(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for word, row in zip(vectors.words, vectors.matrix.tolist(), strict=True):
            stream.write("\\t".join([word, *map(repr, row)]) + "\\n")
'''
}
LINES = {
    "x2static/core/vector_file.py": [
        ("Format = Literal[\n", 'Format = Literal[\n    "tabs",\n'),
        (
            '    elif format == "gensim":\n',
            '    elif format == "tabs":\n'
            "        from x2static.core.formats.tabs import write_tabs\n\n"
            "        write_tabs(vectors, path, stage)\n"
            '    elif format == "gensim":\n',
        ),
    ],
    "x2static/export.py": [("        Literal[\n", '        Literal[\n            "tabs",\n')],
}


def test_a_toy_format_needs_three_files_and_is_written_by_its_name(tmp_path):
    assert len({*NEW, *LINES}) == 3
    program = Program(tmp_path / "tree", "x2static", NEW, LINES)
    rows = np.array([[0.5, -1.0], [2.0, 0.25]], dtype=np.float32)
    write_vectors(WordVectors(["cat", "dog"], rows), tmp_path / "v", "safetensors")
    done = program("export", tmp_path / "v", "--format", "tabs", "--output", tmp_path / "v.tabs")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "v.tabs").read_text() == "cat\t0.5\t-1.0\ndog\t2.0\t0.25\n"
    assert (tmp_path / "v.tabs.run.json").exists()
    again = program("export", tmp_path / "v", "--format", "tabs", "--output", tmp_path / "v.tabs")
    assert again.returncode == 2
    assert "exists already" in again.stderr
