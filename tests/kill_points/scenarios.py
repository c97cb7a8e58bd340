"""What is killed: a command, the folder in which it works, and what it may find there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.kill_points.desks import (
    make_distances,
    make_distillable,
    make_extendable,
    make_extended,
    make_groups,
    make_languages,
    make_map,
    make_means,
    make_pairs,
    make_report,
    make_run,
    make_text,
    make_vectors,
)  # fmt: skip

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
_GROUPS = ("pretrain", "--model", "teacher", "--text", "??.txt", "--groups", "groups.json",
           "--loss", "none", "--steps", "1", "--mlm-batch", "2", "--block", "16", "--device", "cpu",
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
    "pretrain groups": Scenario(
        command=_GROUPS, outputs=("out/group-1", "out/group-2", "out/models.json"), resumes=True,
        make=make_groups, apart=(("out/group-1",), ("out/group-2",), ("out/models.json",)),
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
