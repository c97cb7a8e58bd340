"""The walk of CONTRIBUTING: a tokenizer is one new file and a line in each of two others."""

from __future__ import annotations

from tests.house.added import Program

NEW = {
    "x2static/prepare/tokenizers/dots.py": '''"""Sentences end at dots, words at white space."""


class DotsTokenizer:
    """For text whose dots say all."""

    def __init__(self, language):
        self.language = language

    def split(self, paragraphs):
        """Sentences of words."""
        parts = [paragraph.split(".") for paragraph in paragraphs]
        return [[" ".join(p.split()) for p in some if p.strip()] for some in parts]
'''
}
LINES = {
    "x2static/prepare/config.py": [
        ("TokenizerName = Literal[", 'TokenizerName = Literal["dots", '),
    ],
    "x2static/prepare/tokenizers/build.py": [
        ("TOKENIZERS = {\n", 'TOKENIZERS = {\n    "dots": "dots:DotsTokenizer",\n')
    ],
}


def test_a_toy_tokenizer_needs_three_files_and_runs_by_its_name(tmp_path):
    assert len({*NEW, *LINES}) == 3
    program = Program(tmp_path / "tree", "x2static", NEW, LINES)
    (tmp_path / "raw.txt").write_text("the cat  sat. the dog ran.\n")
    done = program(
        "prepare", "--tokenizer", "dots", "--language", "en", "--input", tmp_path / "raw.txt",
        "--output", tmp_path / "en.txt", "--min-tokens", 2,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "en.txt").read_text() == "the cat sat\nthe dog ran\n"
    refused = program(
        "prepare", "--tokenizer", "dot", "--language", "en", "--input", "a", "--output", "b"
    )
    assert refused.returncode == 2
    assert "dots" in refused.stderr
