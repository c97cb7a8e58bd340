"""One state per sentence and layer: the first token's, or the mean of the pieces'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from x2static.teacher.batches import Numbers, by_length, mask_of, padded
from x2static.teacher.encoder import Teacher, load_teacher, resolve_layer
from x2static.teacher.loading.hugging_face import quiet, read_config
from x2static.teacher.pooling import sentence_sums
from x2static.teacher.precision import Precision

if TYPE_CHECKING:
    import torch

SentencePooling = Literal["cls", "mean"]


@dataclass(frozen=True, order=True)
class SentenceState:
    """Where a sentence is read: after which block, and how its tokens become one row."""

    layer: int
    pool: SentencePooling

    def __str__(self) -> str:
        return f"{self.layer}.{self.pool}"


def states_of(layers: Sequence[int], pools: Sequence[SentencePooling]) -> list[SentenceState]:
    """Every layer with every pooling, each once."""
    return sorted({SentenceState(layer, pool) for layer in layers for pool in pools})


def resolve_layers(name: str, layers: Sequence[int] | None, flag: str = "--layer") -> list[int]:
    """Block numbers of a model: None is all of them, negative ones count from the end.

    Raises:
        TeacherError: no such model.
        ConfigError: it has no such layer.
    """
    from x2static.core.errors import require

    transformers = require("transformers", "distill", "running a transformer")
    with quiet(transformers):
        depth = int(read_config(transformers, name).num_hidden_layers)
    if layers is None:
        return list(range(depth + 1))
    return sorted({resolve_layer(layer, depth, flag) for layer in layers})


class SentenceReader:
    """Reads sentences through a teacher, all states in one pass; padding never counts.

    Attributes:
        states: what is read of each sentence.
        width: D.
        num_cut: sentences so far of which only the beginning was read.
    """

    def __init__(
        self,
        name: str,
        states: Sequence[SentenceState],
        *,
        max_pieces: int,
        batch_pieces: int,
        device: str = "auto",
        precision: Precision = "fp32",
        language: str | None = None,
        flag: str = "--text",
    ) -> None:
        """Load the blocks that are needed.

        Args:
            name: a folder or a name on the hub.
            states: what to read.
            max_pieces: longest input, control tokens included.
            batch_pieces: pieces in a batch, padding included.
            device: where it runs.
            precision: of the products.
            language: of the first text, for a model with a module for each language.
            flag: that gives the language, for messages.
        """
        layers = sorted({state.layer for state in states})
        self._teacher: Teacher = load_teacher(
            name, layers[-1], device, precision, language=language, flag=flag
        )
        self._teacher.watch(layers[:-1])
        self.states, self.width, self.num_cut = list(states), self._teacher.width, 0
        self._limit = min(max_pieces, self._teacher.max_pieces)
        self._batch_pieces, self._flag = batch_pieces, flag

    def speak(self, language: str | None) -> None:
        """Read through the module of a language from now on."""
        self._teacher.speak(language, self._flag)

    def inputs(self, sentences: Sequence[str]) -> list[NDArray[np.int32]]:
        """The piece ids of each sentence with control tokens; an unreadable one has none at all."""
        pieces = self._teacher.pieces
        table = pieces.encode(sentences)
        frame = len(pieces.prefix) + len(pieces.suffix)
        room = max(1, self._limit - frame)
        self.num_cut += int((table.lengths > room).sum())
        found = []
        for begin, size in zip(table.offsets[:-1].tolist(), table.lengths.tolist(), strict=True):
            ids = table.ids[begin : begin + min(size, room)].tolist()
            found.append(np.array([*pieces.prefix, *ids, *pieces.suffix] if ids else [], np.int32))
        return found

    def read(self, sentences: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(S, N, D) states by kind and sentence, and (N,) which sentences have any piece."""
        return self.read_inputs(self.inputs(sentences))

    def read_inputs(
        self, inputs: Sequence[NDArray[np.int32]]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The same for inputs that were made before."""
        found = np.zeros((len(self.states), len(inputs), self.width), dtype=np.float32)
        sizes = np.array([len(ids) for ids in inputs], dtype=np.int64)
        readable = np.flatnonzero(sizes)
        for part in by_length(sizes[readable], self._batch_pieces):
            rows = readable[part]
            found[:, rows] = self._read_batch([inputs[row] for row in rows.tolist()])
        return found, sizes > 0

    def _read_batch(self, inputs: Sequence[NDArray[np.int32]]) -> NDArray[np.float32]:
        import torch

        teacher = self._teacher
        ids, lengths = padded(inputs, teacher.pieces.pad_id)
        mask = mask_of(lengths, ids.shape[1])
        by_layer = teacher.states_at(
            torch.from_numpy(ids).to(teacher.device),
            None if mask is None else torch.from_numpy(mask).to(teacher.device),
        )
        rows = [self._pooled(by_layer[state.layer], state.pool, lengths) for state in self.states]
        found: NDArray[np.float32] = torch.stack(rows).cpu().numpy()
        return found

    def _pooled(
        self, states: torch.Tensor, pool: SentencePooling, lengths: Numbers
    ) -> torch.Tensor:
        import torch

        if pool == "cls":
            return states[:, 0].float()
        pieces = self._teacher.pieces
        prefix, suffix = len(pieces.prefix), len(pieces.suffix)
        text, _ = sentence_sums(states, lengths, prefix, suffix)
        return text / torch.from_numpy(lengths - prefix - suffix).to(text.device)[:, None]
