"""The workbench in Python: what ``import x2static`` offers, one function per command.

    import x2static

    german = x2static.distill("de.txt.gz", teacher="xlm-roberta-base")
    german, english = x2static.align(german, "vectors/en", "de-en.txt", preset="tuned")
    x2static.bli(german, english, "de-en.test.txt")

Every setting of a command is a keyword with the command's own name and default, presets included.
Where the command reads a file, the function also takes the thing itself: sentences, word vectors,
pairs of words. The results are those of the command line, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from x2static.core.config import closest, coerce, configured
from x2static.core.errors import ConfigError
from x2static.core.hand_over import HandOver, Pairs, Text, Vectors
from x2static.core.messages import as_known
from x2static.core.outcome import Outcome
from x2static.core.setting import fields_of
from x2static.core.vector_file import read_vectors, write_vectors
from x2static.core.vectors import WordVectors

__all__ = [
    "WordVectors", "align", "align_hub", "bli", "distill", "prepare", "pretrain", "read_vectors",
    "retrieval", "similarity", "write_vectors",
]  # fmt: skip


def prepare(
    text: Text, language: str, *, output: Path | str | None = None, **settings: Any
) -> list[str]:
    """The sentences of a raw text, tokens joined by a space (`x2static prepare`).

    Args:
        text: a file or folder, or the paragraphs themselves.
        language: its code, such as ``de``.
        output: also write them here, with their run record.
        settings: of the command, such as ``min_sentences=1``.
    """
    with HandOver() as desk:
        written = desk.output(output, "sentences.txt")
        _run("prepare", input=desk.text(text), language=language, output=written, **settings)
        return [line for line in written.read_text(encoding="utf-8").split("\n") if line]


def distill(
    corpus: Text,
    *,
    teacher: str | Path = "xlm-roberta-base",
    output: Path | str | None = None,
    **settings: Any,
) -> WordVectors:
    """One static vector per word, distilled from a frozen transformer (`x2static distill`).

    Args:
        corpus: a file of tokenized sentences, or the sentences themselves.
        teacher: hub name or folder of a Hugging Face encoder.
        output: keep the folder of vectors here; without it they are in memory alone.
        settings: of the command, such as ``preset="paper"`` or ``layer=4``.
    """
    with HandOver() as desk:
        folder = desk.output(output, "vectors")
        _run(
            "distill",
            corpus=desk.text(corpus, "corpus"),
            teacher=str(teacher),
            output=folder,
            **settings,
        )
        return desk.vectors_from(folder)


def align(
    source: Vectors, target: Vectors, pairs: Pairs | None = None, **settings: Any
) -> tuple[WordVectors, WordVectors]:
    """Both languages in one space (`x2static align`).

    Args:
        source: vectors: a file, `WordVectors`, gensim's KeyedVectors, or (words, matrix).
        target: of the other language.
        pairs: a dictionary: a file, (source word, target word) pairs, or a mapping.
        settings: of the command, such as ``preset="unsupervised"``.
    """
    with HandOver() as desk:
        outputs = [desk.output(None, name) for name in ("mapped_source", "mapped_target")]
        _run(
            "align",
            source=desk.vectors(source, "source"),
            target=desk.vectors(target, "target"),
            lexicon=None if pairs is None else desk.pairs(pairs),
            output_source=outputs[0],
            output_target=outputs[1],
            **{"output_format": "safetensors", **settings},
        )
        return desk.vectors_from(outputs[0]), desk.vectors_from(outputs[1])


def align_hub(
    hub: Vectors,
    spokes: Mapping[str, Vectors],
    lexicons: Mapping[str, Pairs] | None = None,
    **settings: Any,
) -> dict[str, WordVectors]:
    """Many languages in the space of one, which stays as it is (`x2static align hub`).

    Args:
        hub: vectors of the language whose space the others enter.
        spokes: vectors of the others, by language.
        lexicons: dictionaries from each of them to the hub, by the same names.
        settings: of the command, such as ``seeds="identical"``.

    Returns:
        The mapped vectors of each spoke, by language.
    """
    with HandOver() as desk:
        folder = desk.output(None, "aligned")
        if lexicons is not None:
            settings["lexicons"] = desk.pairs_by_name(lexicons, spokes)
        _run(
            "align hub", hub=f"hub={desk.vectors(hub, 'hub')}", output=folder,
            spokes=tuple(f"{name}={desk.vectors(one, name)}" for name, one in spokes.items()),
            **{"output_format": "safetensors", **settings},
        )  # fmt: skip
        return {name: desk.vectors_from(folder / name) for name in spokes}


def bli(source: Vectors, target: Vectors, pairs: Pairs, **settings: Any) -> list[dict[str, Any]]:
    """Precision, MRR and coverage of translating by nearest neighbours (`x2static eval bli`)."""
    with HandOver() as desk:
        return _rows(
            "eval bli",
            source=(desk.vectors(source, "source"),),
            target=(desk.vectors(target, "target"),),
            lexicon=(desk.pairs(pairs),),
            **settings,
        )


def similarity(
    vectors: Vectors, dataset: Path | str | Sequence[Path | str], **settings: Any
) -> list[dict[str, Any]]:
    """Correlation with human judgements of word similarity (`x2static eval similarity`)."""
    with HandOver() as desk:
        return _rows(
            "eval similarity", vectors=desk.vectors(vectors), dataset=_paths(dataset), **settings
        )


def retrieval(
    source: Text,
    target: Text,
    *,
    vectors: tuple[Vectors, Vectors] | None = None,
    model: str | Path | None = None,
    **settings: Any,
) -> list[dict[str, Any]]:
    """Accuracy of finding each sentence's translation (`x2static eval retrieval`).

    Args:
        source: a file with a sentence on each line, or the sentences.
        target: their translations, in the same order.
        vectors: aligned word vectors of both languages, or
        model: a transformer.
        settings: of the command, such as ``layer=7``.
    """
    with HandOver() as desk:
        sides = () if vectors is None else tuple(desk.vectors(side) for side in vectors)
        return _rows(
            "eval retrieval",
            source=(desk.text(source, "source"),),
            target=(desk.text(target, "target"),),
            vectors=sides,
            model=None if model is None else str(model),
            **settings,
        )


def pretrain(
    text: Mapping[str, Text] | Sequence[str | Path] = (),
    *,
    output: Path | str,
    vectors: Mapping[str, Vectors] | None = None,
    **settings: Any,
) -> Path:
    """Train a masked language model further, aligned to static vectors (`x2static pretrain`).

    Args:
        text: by language, or paths whose names tell their language.
        output: the Hugging Face folder to write.
        vectors: aligned static vectors by language.
        settings: of the command, such as ``model="xlm-roberta-base"``, ``loss="dcca"`` or
            ``bitext=["bitext/*/*.tsv"]``.

    Returns:
        The folder written.
    """
    with HandOver() as desk:
        texts = text.items() if isinstance(text, Mapping) else [(None, path) for path in text]
        named = [
            str(p) if code is None else f"{code}={desk.text(p, f'{code}-text')}"
            for code, p in texts
        ]
        sides = [
            f"{code}={desk.vectors(one, f'{code}-vectors')}"
            for code, one in (vectors or {}).items()
        ]
        _run("pretrain", text=tuple(named), vectors=tuple(sides), output=Path(output), **settings)
        return Path(output)


def _rows(command: str, **settings: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _run(command, **settings).data["rows"]
    return [
        {name: as_known(value) if isinstance(value, str) else value for name, value in row.items()}
        for row in rows
    ]


def _run(command: str, **settings: Any) -> Outcome:
    """Run a command's stage with its settings checked as the command line would."""
    from x2static.commands import COMMANDS, load

    config_class = load(COMMANDS[command].config)
    known = {field.name: field for field in fields_of(config_class)}
    typed = {}
    for name, value in settings.items():
        if name not in known:
            raise ConfigError(f"{command}: unknown setting '{name}'{closest(name, known)}")
        typed[name] = coerce(_plain(value), known[name], command)
    outcome: Outcome = load(COMMANDS[command].stage)(configured(config_class, **typed))
    return outcome


def _plain(value: Any) -> Any:
    """A value as a settings file would hold it."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _paths(paths: Path | str | Iterable[Path | str]) -> tuple[Path, ...]:
    if isinstance(paths, (Path, str)):
        return (Path(paths),)
    return tuple(Path(path) for path in paths)
