"""The walk of CONTRIBUTING: a way of distilling is one new file and lines in two others."""

from __future__ import annotations

import numpy as np

from tests.house.added import Program
from tests.teachers import WORDS, save_teacher
from x2static.core.vector_file import read_vectors

NEW = {
    "x2static/distill/methods/firsts.py": '''"""Method ``firsts``: means of a few occurrences."""

import numpy as np

from x2static.distill.methods.means import mean_maker


def distill_firsts(shop):
    """Up to 5 occurrences of each word, about."""
    keep = np.minimum(1.0, 5 / shop.materials.vocabulary.counts)
    with shop.corpus_reader(1, with_own=True) as reader:
        planner = shop.materials.planner(shop.config)
        return shop.learn("firsts", planner, keep, 1, reader, mean_maker(shop)).finish()
'''
}
LINES = {
    "x2static/distill/config.py": [
        ("\nDistillMethod = Literal[", '\nDistillMethod = Literal["firsts", ')
    ],
    "x2static/distill/methods/table.py": [
        (
            "from x2static.distill.methods.means",
            "from x2static.distill.methods.firsts import distill_firsts\n"
            "from x2static.distill.methods.means",
        ),
        ('    "aggregate": distill', '    "firsts": distill_firsts,\n    "aggregate": distill'),
    ],
}


def test_a_toy_method_needs_three_files_and_runs_by_its_name(tmp_path):
    assert len({*NEW, *LINES}) == 3
    program = Program(tmp_path / "tree", "x2static", NEW, LINES)
    rng = np.random.default_rng(0)
    text = "".join(" ".join(rng.choice(WORDS, 6)) + "\n" for _ in range(60))
    (tmp_path / "en.txt").write_text(text)
    teacher = save_teacher(tmp_path / "teacher")
    done = program(
        "distill", "--method", "firsts", "--corpus", tmp_path / "en.txt", "--teacher", teacher,
        "--min-count", 1, "--output", tmp_path / "out",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    vectors = read_vectors(tmp_path / "out")
    assert set(vectors.words) == set(text.split())
    assert np.isfinite(vectors.matrix).all()
