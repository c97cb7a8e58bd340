"""Codes of the shortlist, kept on disk: one safetensors file for each language of each space."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import numpy as np

from x2static.core.errors import VectorFormatError
from x2static.core.formats.safetensors_file import map_tensors, write_tensors
from x2static.core.storage.files import staged
from x2static.core.vectors import FloatMatrix
from x2static.explore.language import LanguageVectors
from x2static.explore.shortlist import Codes

_VERSION = "1"
_SAMPLE = 256


class CodeShelf:
    """The folder of codes; codes of other vectors, or of another program, are not used."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made when the first codes are saved."""
        self.folder = folder

    def load(self, space: str, language: LanguageVectors, rotation: FloatMatrix) -> Codes | None:
        """The codes of a language, or None where there are none for these very vectors."""
        place = self._place(space, language)
        if not place.is_file():
            return None
        try:
            tensors, metadata = map_tensors(place)
            if metadata.get("identity") != identity(language, rotation):
                return None
            codes, centers = tensors["codes"], tensors["centers"]
            if len(codes) != len(language) or codes.ndim != 2 or centers.ndim != 3:
                return None
            if centers.shape[0] != 2 * codes.shape[1] or centers.shape[1] != 16:
                return None
            return Codes(codes, centers, int(metadata["length"]), float(metadata["recall"]))
        except (VectorFormatError, KeyError, ValueError):  # damaged: they are made anew
            return None

    def save(
        self, space: str, language: LanguageVectors, rotation: FloatMatrix, codes: Codes
    ) -> None:
        """Keep the codes of a language.

        Raises:
            OutputError: the folder cannot be written.
        """
        with staged(self._place(space, language), own=True) as temporary:
            write_tensors(
                temporary,
                {
                    "centers": (codes.centers, np.dtype("<f4")),
                    "codes": (codes.codes, np.dtype(np.uint8)),
                },
                {
                    "format": "x2static-codes",
                    "identity": identity(language, rotation),
                    "length": str(codes.length),
                    "recall": str(codes.recall),
                },
            )

    def _place(self, space: str, language: LanguageVectors) -> Path:
        return self.folder / f"{space}.{language.name}.safetensors"


def identity(language: LanguageVectors, rotation: FloatMatrix) -> str:
    """A digest of what the codes depend on: rows spread over the matrix stand for all of it."""
    rows = np.unique(np.linspace(0, max(len(language) - 1, 0), _SAMPLE).astype(np.int64))
    digest = hashlib.sha256(f"{_VERSION} {language.matrix.shape} {language.matrix.dtype}".encode())
    if len(language):
        digest.update(np.ascontiguousarray(language.matrix[rows]).tobytes())
    digest.update(f"{zlib.crc32(rotation.tobytes())}".encode())
    return digest.hexdigest()
