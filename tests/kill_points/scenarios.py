"""What is killed: a command, the folder in which it works, and what it may find there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.teachers import WORDS, save_teacher
from x2static.core.vector_file import write_vectors
from x2static.core.vectors import WordVectors

BYSTANDERS = {"novel.txt": "It was a dark and stormy night", "photos/cat.jpg": "meow"}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A command to be killed.

    Attributes:
        command: what is typed.
        outputs: the places that it makes.
        resumes: whether it has ``--resume``.
        has_overwrite: whether it has ``--overwrite``.
        make: puts into an empty folder what the command reads.
        over: whether outputs of an earlier run, with another input, are there already.
        apart: groups of outputs that appear one after the other; empty where all appear at once.
    """

    command: tuple[str, ...]
    outputs: tuple[str, ...]
    resumes: bool = False
    has_overwrite: bool = True
    make: Callable[[Path], None]
    over: bool = False
    apart: tuple[tuple[str, ...], ...] = ()


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


_EXPORTS = {
    "word2vec": "out.vec", "word2vec-binary": "out.bin", "glove": "out.txt", "gensim": "out.kv",
    "safetensors": "out", "static-embedding": "out.static",
}  # fmt: skip
_PREPARE = ("prepare", "--language", "en", "--tokenizer", "whitespace", "--rules", "all",
            "--workers", "1", "--input", "en.txt", "--output", "out.txt")  # fmt: skip
_ALIGN = ("align", "--source", "de.vec", "--target", "en.vec", "--lexicon", "de-en.txt",
          "--preset", "supervised", "--save-map", "map", "--induce", "pairs.tsv",
          "--csls", "2")  # fmt: skip
_FILES = ("--output-source", "out.de.vec", "--output-target", "out.en.vec")
_FOLDERS = ("--output-source", "out.de", "--output-target", "out.en")
_BLI = ("eval", "bli", "--source", "de.vec", "--target", "en.vec", "--lexicon", "de-en.txt",
        "--index", "exact", "--json", "scores.json", "--induce", "pairs.tsv")  # fmt: skip
_HUB = ("align", "hub", "--hub", "en=en.vec", "--lexicons", "{}-en.txt", "--output", "out",
        "--method", "orthogonal", "--spokes", "de=de.vec", "fr=fr.vec")  # fmt: skip
_DISTILL = ("distill", "--corpus", "en.txt", "--teacher", "teacher", "--output", "out",
            "--min-count", "1", "--device", "cpu", "--checkpoint-minutes", "0")  # fmt: skip
_SAMPLED = ("--solver", "sampled", "--epochs", "2", "--batch", "16")
_PRETRAIN = ("pretrain", "--model", "teacher", "--text", "en=en.txt", "--loss", "none", "--steps",
             "2", "--mlm-batch", "2", "--block", "16", "--device", "cpu", "--output", "out",
             "--checkpoint-minutes", "0")  # fmt: skip
_VOCABULARY = ("vocabulary", "--text", "en=en.txt", "de=en.txt", "--size", "105", "--no-compare",
               "--output", "out")  # fmt: skip
_PAIRS = ("pretrain", "--model", "teacher", "--bitext", "*.tsv", "--mlm-weight", "0", "--loss",
          "none", "--steps", "2", "--tlm-batch", "2", "--block", "16", "--device", "cpu",
          "--output", "out", "--checkpoint-minutes", "0")  # fmt: skip
_LANGUAGES = {
    "languages represent": (
        ("languages", "represent", "--model", "teacher", "--text", "??.txt", "--device", "cpu",
         "--output", "out"), make_languages, ("out",), True,
    ),
    "languages distance": (
        ("languages", "distance", "--languages", "de", "fr", "hi", "--output", "out.tsv"),
        make_means, ("out.tsv",), False,
    ),
    "languages cluster": (
        ("languages", "cluster", "--representations", "means", "--output", "out", "--draws", "3",
         "--permutations", "9"), make_means, ("out",), False,
    ),
    "languages analyse": (
        ("languages", "analyse", "--distances", "d.tsv", "--output", "out", "--draws", "100",
         "--permutations", "20"), make_distances, ("out",), False,
    ),
}  # fmt: skip


_EXTEND = ("extend", "--model", "model", "--language", "fi", "--text", "en.txt", "--vocabulary",
           "34", "--steps", "2", "--batch", "2", "--block", "16", "--device", "cpu", "--output",
           "out", "--checkpoint-minutes", "0")  # fmt: skip


def _both(name: str, scenario: Scenario) -> dict[str, Scenario]:
    """A scenario in an empty place, and where an earlier output is there."""
    from dataclasses import replace

    return {name: scenario, f"{name}, over an old one": replace(scenario, over=True)}


SCENARIOS: dict[str, Scenario] = {
    **{
        name: Scenario(command=command, outputs=outputs, make=make, resumes=resumes)
        for name, (command, make, outputs, resumes) in _LANGUAGES.items()
    },
    **_both("prepare", Scenario(command=_PREPARE, outputs=("out.txt",), make=make_text)),
    **{
        name: scenario
        for format_, place in _EXPORTS.items()
        for name, scenario in _both(f"export {format_}", Scenario(
            command=("export", "de.vec", "--format", format_, "--output", place),
            outputs=(place,), make=make_vectors,
        )).items()
    },
    **_both("compose", Scenario(
        command=("compose", "de.vec", "--output", "out"), outputs=("out",), make=make_vectors,
    )),
    **_both("export languages", Scenario(
        command=("export", "--format", "static-embedding", "--languages", "de=de.vec", "en=en.vec",
                 "--output", "out"), outputs=("out",), make=make_vectors,
    )),
    **_both("lexicon", Scenario(
        command=("lexicon", "--cldr", "de-en", "--output", "out.txt"), outputs=("out.txt",),
        make=make_vectors,
    )),
    **_both("align", Scenario(
        command=(*_ALIGN, *_FILES), outputs=("out.de.vec", "out.en.vec", "map", "pairs.tsv"),
        resumes=True, make=make_vectors,
    )),
    **_both("align into folders", Scenario(
        command=(*_ALIGN, *_FOLDERS), outputs=("out.de", "out.en", "map", "pairs.tsv"),
        resumes=True, make=make_vectors,
    )),
    **_both("align apply", Scenario(
        command=("align", "apply", "--map", "map", "--vectors", "de.vec", "--output", "out.vec"),
        outputs=("out.vec",), make=make_map,
    )),
    **_both("align hub", Scenario(
        command=_HUB, resumes=True, make=make_vectors,
        outputs=("out/de", "out/fr", "out/de.map.safetensors", "out/fr.map.safetensors"),
        apart=(("out/de", "out/de.map.safetensors"), ("out/fr", "out/fr.map.safetensors")),
    )),
    **_both("eval bli", Scenario(
        command=_BLI, outputs=("scores.json", "pairs.tsv"), make=make_vectors,
        apart=(("scores.json",), ("pairs.tsv",)),
    )),
    **_both("report", Scenario(
        command=("report", "run"), outputs=("run/report.html",), make=make_report,
    )),
    **_both("distill", Scenario(
        command=_DISTILL, outputs=("out",), resumes=True, make=make_distillable,
    )),
    "distill sampled": Scenario(
        command=(*_DISTILL, *_SAMPLED), outputs=("out",), resumes=True, make=make_distillable,
    ),
    **_both("vocabulary", Scenario(
        command=_VOCABULARY, outputs=("out",), resumes=True, make=make_text,
    )),
    "pretrain": Scenario(
        command=_PRETRAIN, outputs=("out",), resumes=True, make=make_distillable,
    ),
    "pretrain on sentence pairs": Scenario(
        command=_PAIRS, outputs=("out",), resumes=True, make=make_pairs,
    ),
    "extend": Scenario(
        command=_EXTEND, outputs=("out",), resumes=True, make=make_extendable,
    ),
    "extend export": Scenario(
        command=("extend", "export", "--model", "model", "--language", "fi", "--output", "out"),
        outputs=("out",), make=make_extended,
    ),
    "extend merge": Scenario(
        command=("extend", "merge", "--model", "model", "--others", "model", "--replace",
                 "--output", "out"),
        outputs=("out",), make=make_extended,
    ),
    "run": Scenario(
        command=("run", "w.toml"), outputs=("run",), has_overwrite=False, make=make_run,
    ),
}  # fmt: skip
