"""Vectors of the hub's sentences from a sentence encoder: computed once, kept, found by key."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from continued_pretraining.text.pairs.keyed_text import key_number
from x2static.core.errors import TeacherError
from x2static.core.progress import Progress
from x2static.core.storage.files import sha256, staged
from x2static.core.text.pair_sources import PairText
from x2static.teacher.sentence_states import (
    SentencePooling,
    SentenceReader,
    SentenceState,
    resolve_layers,
)

_AT_ONCE = 2048  # sentences of a part, kept as soon as it is done
_LONGEST, _BATCH = 128, 8192
_VERSION = 1


@dataclass(frozen=True)
class SentenceVectors:
    """Unit vectors of sentences, mapped from disk.

    Attributes:
        keys: (N,) a number for each key, sorted.
        order: (N,) the row of each.
        matrix: (N, E) rows.
    """

    keys: NDArray[np.uint64]
    order: NDArray[np.int64]
    matrix: NDArray[np.float16]

    def rows(self, keys: NDArray[np.uint64]) -> NDArray[np.float32]:
        """(P, E) the vectors of keys that are all known."""
        places = np.searchsorted(self.keys, keys)
        return self.matrix[self.order[places]].astype(np.float32)


def sentence_vectors(
    name: str, texts: Sequence[PairText], digests: Sequence[str], folder: Path, device: str
) -> list[SentenceVectors]:
    """The vectors of each text, from the cache or else made now, in parts that a kill leaves.

    Args:
        name: of the encoder: a folder, or a name on the hub.
        texts: of one language.
        digests: change whenever the text of the same place does.
        folder: where vectors lie.
        device: where the encoder runs.

    Raises:
        TeacherError: no encoder under that name.
    """
    about = sha256(Path(name)) if Path(name).is_dir() else name
    places = [folder / f"vectors-{_hash(f'{_VERSION} {about} {own}')}" for own in digests]
    missing = [
        (text, place) for text, place in zip(texts, places, strict=True) if not _is_whole(place)
    ]
    if missing:
        state = SentenceState(resolve_layers(name, [-1], "--sentence-encoder")[0], pooling_of(name))
        reader = SentenceReader(
            name, [state], max_pieces=_LONGEST, batch_pieces=_BATCH, device=device, precision="auto"
        )
        with Progress("sentence vectors", None, "sentences") as bar:
            for text, place in missing:
                _make(text, place, reader, bar)
    return [_read(place) for place in places]


def pooling_of(name: str) -> SentencePooling:
    """How an encoder turns states into a sentence's: ``mean``, or ``cls`` where its folder says so.

    Raises:
        TeacherError: it does something else.
    """
    found = sorted(Path(name).glob("*_Pooling/config.json"))
    if not found:
        return "mean"
    settings = json.loads(found[0].read_text(encoding="utf-8"))
    asked = [key for key, value in settings.items() if key.startswith("pooling_mode_") and value]
    known: dict[str, SentencePooling] = {
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_cls_token": "cls",
    }
    if len(asked) != 1 or asked[0] not in known:
        raise TeacherError(
            f"--sentence-encoder {name}: pools by {', '.join(asked) or 'nothing'}; encoders that "
            "take the mean of the states or the first one are known"
        )
    return known[asked[0]]


def _make(text: PairText, place: Path, reader: SentenceReader, bar: Progress) -> None:
    """Vectors of all sentences, part by part, then joined."""
    parts = place.with_name(place.name + ".parts")
    parts.mkdir(parents=True, exist_ok=True)
    sentences, number = text.read(), 0
    while batch := list(islice(sentences, _AT_ONCE)):
        part = parts / f"{number:06d}.npz"
        if not part.exists():
            found, is_readable = reader.read([sentence for _, sentence in batch])
            unit = found[0] / np.maximum(np.linalg.norm(found[0], axis=1, keepdims=True), 1e-12)
            unit[~is_readable] = 0
            keys = np.fromiter((key_number(key) for key, _ in batch), np.uint64, len(batch))
            with staged(part, own=True) as temporary, temporary.open("wb") as stream:
                np.savez(stream, keys=keys, rows=unit.astype(np.float16))
        number += 1
        bar.advance(len(batch))
    made = [np.load(parts / f"{n:06d}.npz") for n in range(number)]
    keys = np.concatenate([part["keys"] for part in made])
    order = np.argsort(keys, kind="stable")
    with staged(place, own=True) as temporary:
        temporary.mkdir()
        np.save(temporary / "rows.npy", np.concatenate([part["rows"] for part in made]))
        np.save(temporary / "keys.npy", keys[order])
        np.save(temporary / "order.npy", order)
    shutil.rmtree(parts)


def _is_whole(place: Path) -> bool:
    return (place / "order.npy").exists()


def _read(place: Path) -> SentenceVectors:
    arrays = [np.load(place / f"{name}.npy", mmap_mode="r") for name in ("keys", "order", "rows")]
    return SentenceVectors(*arrays)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class TargetMap:
    """A fixed map of the vectors into the model's width, which leaves their cosines as they are.

    Attributes:
        mean: (E,) taken away first.
        directions: (E, D) orthonormal: the strongest directions; the rest of D stays 0.
    """

    mean: NDArray[np.float32]
    directions: NDArray[np.float32]

    @classmethod
    def fitted(cls, vectors: Sequence[SentenceVectors], width: int, seed: int) -> TargetMap:
        """The principal directions of some thousands of the vectors."""
        rng = np.random.default_rng([seed, 17])
        sizes = np.array([len(one.keys) for one in vectors])
        share = min(1.0, 20_000 / sizes.sum())
        sample = np.concatenate(
            [
                one.matrix[np.flatnonzero(rng.random(size) < share)]
                for one, size in zip(vectors, sizes, strict=True)
            ]
        ).astype(np.float64)
        mean = sample.mean(axis=0)
        _, _, rows = np.linalg.svd(sample - mean, full_matrices=False)
        directions = np.zeros((sample.shape[1], width), dtype=np.float32)
        kept = rows[:width].T
        directions[:, : kept.shape[1]] = kept
        return cls(mean.astype(np.float32), directions)

    def __call__(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(P, D) the vectors as the model's states shall be."""
        return np.asarray((rows - self.mean) @ self.directions, dtype=np.float32)
