"""The tokenizer network inside a UDPipe 1 model file."""

from __future__ import annotations

import lzma
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_HEADER = b"\x12morphodita_parsito"
_GRU_TOKENIZER = 3
# UDPipe writes a general category as one bit, in this order, beginning with bit 1
_CATEGORY_NAMES = "LuLlLtLmLoMnMcMeNdNlNoPcPdPsPePiPfPoSmScSkSoZsZlZpCcCfCsCoCn"
_CATEGORIES = [_CATEGORY_NAMES[at : at + 2] for at in range(0, len(_CATEGORY_NAMES), 2)]


@dataclass(frozen=True, eq=False)
class NetworkWeights:
    """The tokenizer of a model file. D is the width of the GRU; axis 0 of three is the direction.

    Attributes:
        segment: characters of a window.
        allows_spaces: tokens may hold spaces.
        rows: row of `inputs` by character.
        unknown: row of `inputs` for other characters, by general category.
        inputs: (characters, 2, 3 * D) what a character adds to candidate, reset and update,
            biases included.
        gates: (2, D, 2 * D) state to reset and update.
        candidate: (2, D, D) reset state to candidate.
        projection: (2, D, 3) state to the scores of the outcomes.
        bias: (3,) of the scores.
    """

    segment: int
    allows_spaces: bool
    rows: dict[str, int]
    unknown: dict[str, int]
    inputs: Floats
    gates: Floats
    candidate: Floats
    projection: Floats
    bias: Floats


def read_weights(model: Path) -> NetworkWeights | None:
    """The tokenizer network of a UDPipe model, or None where the file has another kind."""
    with model.open("rb") as stream:
        head = stream.read(len(_HEADER) + 6)
        if not head.startswith(_HEADER) or len(head) < len(_HEADER) + 6:
            return None
        # model version, two bytes of format marks, has a tokenizer, its kind, its version
        has_tokenizer, kind, version = head[-3:]
        if (has_tokenizer, kind) != (1, _GRU_TOKENIZER) or version not in (1, 2):
            return None
        sizes = stream.read(12)
        if len(sizes) < 12:
            return None
        unpacked, packed, _ = struct.unpack("<III", sizes)
        # LZMA's older container: properties, size, data
        data = stream.read(5) + struct.pack("<Q", unpacked) + stream.read(packed)
    try:
        # the data needs no end mark, since its size is known
        return _parse(lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(data, unpacked), version)
    except (lzma.LZMAError, struct.error, ValueError, IndexError):
        return None


class _Fields:
    """Reads the numbers of a packed record one behind the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def number(self, kind: str) -> int:
        value: int = struct.unpack_from(f"<{kind}", self._data, self._place)[0]
        self._place += struct.calcsize(kind)
        return value

    def floats(self, *shape: int) -> Floats:
        size = int(np.prod(shape))
        values = np.frombuffer(self._data, dtype="<f4", count=size, offset=self._place)
        self._place += 4 * size
        return values.reshape(shape).astype(np.float32)

    def is_at_end(self) -> bool:
        return self._place == len(self._data)


def _parse(data: bytes, version: int) -> NetworkWeights | None:
    fields = _Fields(data)
    fields.number("B")  # which URL rules: none of their texts comes here
    segment = fields.number("H")
    allows_spaces = version >= 2 and bool(fields.number("B"))
    if fields.number("B") != 1:
        return None
    width = fields.number("B")
    rows, embeddings = {}, []
    for row in range(fields.number("I")):
        rows[chr(fields.number("I"))] = row
        embeddings.append(fields.floats(width))
    # per direction: input to candidate, reset, update; state to candidate, reset, update
    matrices = [
        [(fields.floats(width, width), fields.floats(width)) for _ in range(6)] for _ in "fb"
    ]
    projections = [(fields.floats(3, width), fields.floats(3)) for _ in "fb"]
    unknown = {}
    for _ in range(fields.number("B")):
        bit, character = fields.number("I").bit_length() - 1, chr(fields.number("I"))
        if character in rows:
            unknown[_CATEGORIES[bit - 1]] = rows[character]
    if not fields.is_at_end() or segment < 10 or " " not in rows:
        return None
    table = np.array(embeddings, dtype=np.float32)
    inputs = np.stack(
        [
            np.concatenate([table @ w.T + b for w, b in direction[:3]], axis=1)
            for direction in matrices
        ],
        axis=1,
    )
    gates = np.stack([np.concatenate([d[4][0].T, d[5][0].T], axis=1) for d in matrices])
    candidate = np.stack([d[3][0].T for d in matrices])
    projection = np.stack([w.T for w, _ in projections])
    return NetworkWeights(
        segment=segment,
        allows_spaces=allows_spaces,
        rows=rows,
        unknown=unknown,
        inputs=inputs,
        gates=np.ascontiguousarray(gates),
        candidate=np.ascontiguousarray(candidate),
        projection=np.ascontiguousarray(projection),
        bias=projections[0][1],
    )
