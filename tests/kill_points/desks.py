"""What lies in a folder before a command is killed there: texts, vectors, models, pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.teachers import WORDS, save_teacher
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors


def make_vectors(folder: Path, seed: int = 0) -> None:
    """Vectors of three languages and dictionaries among them."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((40, 4)).astype(np.float32)
    words = [f"w{row}" for row in range(40)]
    for name in ("de", "en", "fr"):
        noise = rng.standard_normal(matrix.shape).astype(np.float32)
        write_vectors(WordVectors(words, matrix + noise / 9), folder / f"{name}.vec", "word2vec")
    for name in ("de", "fr"):
        lines = "".join(f"{word} {word}\n" for word in words)
        (folder / f"{name}-en.txt").write_text(lines)


def make_map(folder: Path, seed: int = 0) -> None:
    """Vectors, and a map for them that leaves the target as it is."""
    from align.saved_map import SavedMap, write_map
    from align.vecmap.alignment import LanguageMap, unchanged
    from align.vecmap.normalization import Normalization

    make_vectors(folder, seed)
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((4, 4)))[0]
    steps = Normalization((), np.zeros((0, 4), np.float32))
    turned = LanguageMap(steps, turn.astype(np.float32), None)
    write_map(SavedMap(turned, unchanged(4), {}), folder / "map")


def make_text(folder: Path, seed: int = 0) -> None:
    """A text of the words that the little teachers know."""
    rng = np.random.default_rng(seed)
    lines = [" ".join(rng.choice(WORDS, 6)) + "\n" for _ in range(40)]
    (folder / "en.txt").write_text("".join(lines))


def make_distillable(folder: Path, seed: int = 0) -> None:
    """A text, and a teacher."""
    make_text(folder, seed)
    save_teacher(folder / "teacher", depth=2)


def make_pairs(folder: Path, seed: int = 0) -> None:
    """Sentence pairs of the words that the little teachers know, and a teacher."""
    save_teacher(folder / "teacher", depth=2)
    rng = np.random.default_rng(seed)
    for language in ("de", "en"):
        lines = [f"{key:02d}\t{' '.join(rng.choice(WORDS, 4))}\n" for key in range(30)]
        (folder / f"{language}.tsv").write_text("".join(lines))


def make_extendable(folder: Path, seed: int = 0) -> None:
    """A text, and a masked language model."""
    from tests.continued_pretraining.conftest import save_masked_model

    make_text(folder, seed)
    save_masked_model(folder / "model", depth=2)


def make_extended(folder: Path, seed: int = 0) -> None:
    """A masked language model with a language beside it, untrained."""
    import shutil

    from x2static.extend.start_model import load_base
    from x2static.teacher.added.language_file import taken_from

    make_extendable(folder, seed)
    place = folder / "model" / "languages" / "fi"
    place.mkdir(parents=True)
    for path in (folder / "model").glob("token*"):
        shutil.copyfile(path, place / path.name)
    taken_from(load_base(str(folder / "model"))[0], "fi").write(place.with_suffix(".safetensors"))


def make_run(folder: Path, seed: int = 0) -> None:
    """A workbench of one language."""
    make_distillable(folder, seed)
    (folder / "w.toml").write_text(
        'output = "run"\nteacher = "teacher"\ncorpora = "{}.txt"\nlanguages = ["en"]\n'
        '[prepare]\ntokenizer = "whitespace"\nrules = "all"\n'
        '[distill]\nmin_count = 1\ndevice = "cpu"\n'
    )


def make_report(folder: Path, seed: int = 0) -> None:
    """A run folder with scores alone."""
    place = folder / "run" / "scores" / "bli.after"
    place.mkdir(parents=True, exist_ok=True)
    score = f'{{"rows": [{{"source": "a", "method": "nn", "p@1": 0.{seed + 3}}}]}}'
    (place / "de.json").write_text(score)


def make_languages(folder: Path, seed: int = 0) -> None:
    """Texts of three languages, and a teacher."""
    for number, name in enumerate(("de", "en", "fr")):
        make_text(folder, seed + 10 * number)
        if name != "en":
            (folder / "en.txt").rename(folder / f"{name}.txt")
    make_text(folder, seed)
    save_teacher(folder / "teacher", depth=2)


def make_means(folder: Path, seed: int = 0) -> None:
    """Languages represented."""
    from x2static.languages.represent.means import Means, write_means

    rng = np.random.default_rng(seed)
    parts = rng.standard_normal((1, 4, 8, 6)).astype(np.float32)
    counts, errors = np.full((4, 8), 9), np.zeros((1, 4, 6), np.float32)
    if not (folder / "means").exists():
        write_means(
            Means(("de", "en", "fr", "hi"), ("4.cls",), parts, counts, errors), folder / "means"
        )


def make_distances(folder: Path, seed: int = 0) -> None:
    """Distances of five languages."""
    from x2static.languages.tables.distances import Distances, table_text

    rows = np.random.default_rng(seed).random((5, 3))
    matrix = np.linalg.norm(rows[:, None] - rows, axis=2)
    table = Distances(("de", "en", "fr", "hi", "sw"), {"one": matrix, "two": matrix**2})
    (folder / "d.tsv").write_text(table_text(table))


def make_groups(folder: Path, seed: int = 0) -> None:
    """Languages in two groups, and a teacher."""
    import json

    make_languages(folder, seed)
    content = {
        "groups": [{"name": "group-1", "languages": ["de", "en"]},
                   {"name": "group-2", "languages": ["fr"]}],
        "random": [[]],
    }  # fmt: skip
    (folder / "groups.json").write_text(json.dumps(content))
