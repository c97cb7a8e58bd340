"""Write mapped vectors in the format that the output's name asks for."""

from __future__ import annotations

from pathlib import Path

from align.answers import OutputFormat
from align.vecmap.alignment import LanguageMap
from align.vecmap.induce.arrays import AlignmentError
from x2static.core.storage.files import Stage
from x2static.core.vector_file import FOLDER_FORMATS, Format, write_vectors
from x2static.core.vectors import WordVectors

_BY_SUFFIX: dict[str, Format] = {
    ".vec": "word2vec",
    ".txt": "word2vec",
    ".bin": "word2vec-binary",
}


def format_of(path: Path, asked: OutputFormat) -> Format:
    """The format asked for, or the one that the name of the output suggests."""
    if asked != "auto":
        return asked
    return _BY_SUFFIX.get(Path(path.name.removesuffix(".gz")).suffix, "safetensors")


def write_mapped(
    vectors: WordVectors, language_map: LanguageMap, path: Path, asked: OutputFormat, stage: Stage
) -> None:
    """Map a language and write it through ``stage``; the vectors given stay as they are."""
    if vectors.width != len(language_map.matrix):
        raise AlignmentError(
            f"the map takes vectors of width {len(language_map.matrix)}, these have {vectors.width}"
        )
    mapped = WordVectors(vectors.words, language_map.apply(vectors.matrix), vectors.counts)
    write_vectors(mapped, path, format_of(path, asked), stage=stage)


def is_folder(path: Path, asked: OutputFormat) -> bool:
    """Whether mapped vectors become a folder."""
    return format_of(path, asked) in FOLDER_FORMATS
