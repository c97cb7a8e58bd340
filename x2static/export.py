"""Write word vectors in another format, with its run record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import check_language_name, named_files
from x2static.core.outcome import Outcome
from x2static.core.setting import Help, free, place, positional

if TYPE_CHECKING:
    from x2static.core.vectors import WordVectors


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Write word vectors in another format."""

    HELP: ClassVar[Help] = Help(
        example="x2static export vectors/de --format word2vec --output de.vec",
    )

    vectors: Annotated[Path | None, positional("word vectors, in any format that can be read")] = (
        None
    )
    languages: Annotated[
        tuple[str, ...],
        "instead: aligned vectors of several languages, NAME=FILE each, as one folder"
        " for sentences, words weighted by rarity (static-embedding)",
    ] = ()
    format: Annotated[
        Literal[
            "word2vec",
            "word2vec-binary",
            "gensim",
            "glove",
            "safetensors",
            "static-embedding",
            "fasttext",
        ],
        "what to write; word2vec is the text format of fastText, MUSE and VecMap too",
    ]
    output: Annotated[
        Path, place("file, or folder for safetensors and static-embedding; .gz compresses")
    ]
    dtype: Annotated[
        Literal["float32", "float16"] | None, "stored precision; float16 for the two folder formats"
    ] = None
    limit: Annotated[int | None, "write only the first words"] = None
    words: Annotated[
        Path | None,
        place(
            "write only these words, one per line; a fastText model has vectors for new ones too"
        ),
    ] = None
    on_error: Annotated[
        Literal["raise", "skip"], "bad rows of the input: stop, or leave them out and count them"
    ] = "raise"
    allow_pickle: Annotated[bool, "read a gensim file, which can run any program"] = False
    overwrite: Annotated[bool, free("replace the output where it exists")] = False

    def __post_init__(self) -> None:
        if (self.vectors is None) == (not self.languages):
            raise ConfigError("give VECTORS, or --languages NAME=FILE of several languages")
        if self.languages and self.format != "static-embedding":
            raise ConfigError(
                f"--languages makes one table for sentences: give --format static-embedding, "
                f"not {self.format}"
            )
        self.named_languages()
        if self.limit is not None:
            require_at_least("--limit", self.limit, 1)
        if self.words is not None and (self.languages or self.limit is not None):
            raise ConfigError("--words chooses the words: leave --limit and --languages out")

    def named_languages(self) -> dict[str, Path]:
        """The files of ``--languages`` by name.

        Raises:
            ConfigError: not of the form NAME=FILE, or a name that stands twice.
        """
        found = named_files(self.languages, "--languages", "de=aligned/de")
        for name in found:
            check_language_name(name, "--languages")
        return found


def export(config: ExportConfig) -> Outcome:
    """Read, write, record."""
    if config.vectors is None:
        return _export_languages(config)
    return _export_one(config, config.vectors)


def _export_one(config: ExportConfig, place: Path) -> Outcome:
    from x2static.core.formats.native import VECTORS_NAME
    from x2static.core.storage.outputs import Outputs
    from x2static.core.storage.run_record import RunRecord
    from x2static.core.vector_file import FOLDER_FORMATS, read_vectors, write_vectors

    inputs = [place] if config.words is None else [place, config.words]
    outputs = Outputs("export", inputs=inputs, overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=config.format in FOLDER_FORMATS)
    skipped: Counter[str] = Counter()
    if config.words is None:
        vectors = read_vectors(
            place,
            limit=config.limit,
            on_error=config.on_error,
            allow_pickle=config.allow_pickle,
            skipped=skipped,
        )
    else:
        vectors = _of_words(config, place, config.words, skipped)
    # The vectors alone, not whatever else a training run keeps in its folder.
    folder_file = place / VECTORS_NAME
    source = folder_file if folder_file.exists() else place
    record = RunRecord("export", config, [source])
    record.counts = {"words": len(vectors), "width": vectors.width, "skipped": dict(skipped)}
    with outputs.together() as batch:
        write_vectors(vectors, config.output, config.format, dtype=config.dtype, stage=batch.stage)
        batch.record(record, config.output)
    text = f"{config.output}: {len(vectors):,} words x {vectors.width}, {config.format}"
    return Outcome(text, {"output": str(config.output), **record.counts})


def _of_words(
    config: ExportConfig, place: Path, listed: Path, skipped: Counter[str]
) -> WordVectors:
    """The vectors of the words in a list, in its order; those without any are counted."""
    import numpy as np

    from x2static.core.errors import LexiconError
    from x2static.core.formats.fasttext_model import FastTextModel
    from x2static.core.text.lines import numbered_lines
    from x2static.core.vector_file import detect_format, read_vectors
    from x2static.core.vectors import WordVectors

    words = list(dict.fromkeys(line.strip() for _, line in numbered_lines(listed, LexiconError)))
    if detect_format(place) == "fasttext":
        rows = FastTextModel(place).vectors_of(words)
        has = np.flatnonzero(rows.any(axis=1))
        found = WordVectors([words[row] for row in has], rows[has])
    else:
        every = read_vectors(place, on_error=config.on_error, allow_pickle=config.allow_pickle)
        known = [word for word in words if word in every]
        counts = None if every.counts is None else every.counts[every.rows_of(known)]
        found = WordVectors(known, every.matrix[every.rows_of(known)], counts)
    if not len(found):
        raise LexiconError(f"{listed}: none of its {len(words):,} words has a vector in {place}")
    skipped["no vector"] = len(words) - len(found)
    return found


def _export_languages(config: ExportConfig) -> Outcome:
    from x2static.core.formats.many_languages import merged
    from x2static.core.formats.native import VECTORS_NAME
    from x2static.core.formats.static_embedding import write_static_embedding
    from x2static.core.storage.outputs import Outputs
    from x2static.core.storage.run_record import RunRecord
    from x2static.core.vector_file import read_vectors

    named = config.named_languages()
    files = [path / VECTORS_NAME if path.is_dir() else path for path in named.values()]
    outputs = Outputs("export", inputs=files, overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=True)
    record = RunRecord("export", config, files)
    languages = {
        name: read_vectors(
            path, limit=config.limit, on_error=config.on_error, allow_pickle=config.allow_pickle
        )
        for name, path in named.items()
    }
    vectors, num_shared = merged(languages)
    sizes = {name: len(one) for name, one in languages.items()}
    record.counts = {
        "words": len(vectors),
        "width": vectors.width,
        "languages": sizes,
        "shared": num_shared,
    }
    with outputs.together() as batch:
        write_static_embedding(
            vectors, config.output, config.dtype or "float32", batch.stage, reads_text=True
        )
        batch.record(record, config.output)
    text = (
        f"{config.output}: {len(vectors):,} words x {vectors.width} of {len(sizes)} languages "
        f"({', '.join(sizes)}), {num_shared:,} spelled alike in more than one"
    )
    return Outcome(text, {"output": str(config.output), **record.counts})
