"""Read and write safetensors files without copies: mapped when read, in blocks when written.

The format: 8 bytes with the header's length, a JSON header, then the tensors without gaps.
https://huggingface.co/docs/safetensors
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import VectorFormatError
from x2static.core.storage.files import describe_os_error

_TYPES = {"F32": "<f4", "F16": "<f2", "I64": "<i8", "U8": "|u1"}
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}
_LONGEST_HEADER = 100_000_000
_BYTES_PER_BLOCK = 1 << 24

Tensor = tuple[NDArray[Any], np.dtype[Any]]


def write_tensors(
    path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> None:
    """Write arrays, each with the type to store it as; a large one is converted in blocks."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, (array, dtype) in tensors.items():
        start, end = end, end + array.size * dtype.itemsize
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(array.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the tensors then begin at a multiple of 8
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for array, dtype in tensors.values():
            step = max(1, _BYTES_PER_BLOCK // (dtype.itemsize * max(1, math.prod(array.shape[1:]))))
            for start in range(0, len(array), step):
                stream.write(np.ascontiguousarray(array[start : start + step], dtype=dtype).data)


def map_tensors(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """The tensors of a file as read-only views of the mapped file, and its metadata.

    Raises:
        VectorFormatError: the file is truncated, has surplus bytes, or its header is damaged.
    """
    try:
        size = path.stat().st_size
        if size < 8:
            raise VectorFormatError(f"{path}: truncated: {size} bytes are no safetensors file")
        mapped = np.memmap(path, dtype=np.uint8, mode="r")
    except OSError as error:
        raise VectorFormatError(describe_os_error(path, error)) from error
    data: NDArray[np.uint8] = np.asarray(mapped)
    length = int.from_bytes(data[:8].tobytes(), "little")
    if not 2 <= length <= min(size - 8, _LONGEST_HEADER):
        raise VectorFormatError(f"{path}: truncated or no safetensors file (header of {length} B)")
    try:
        header = json.loads(data[8 : 8 + length].tobytes())
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict):
            raise ValueError("the metadata are no table")
        return _views(header, data[8 + length :]), metadata
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise VectorFormatError(f"{path}: truncated or damaged: {error}") from error


def _views(header: dict[str, Any], data: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    tensors, expected = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        start, end = entry["data_offsets"]
        shape, dtype = tuple(map(int, entry["shape"])), np.dtype(_TYPES[entry["dtype"]])
        if start != expected or min(shape, default=0) < 0:
            raise ValueError(f"tensor {name} does not begin where the last one ends")
        if end - start != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"tensor {name} has {end - start} bytes, its shape {shape} needs more")
        if end > len(data):
            raise ValueError(f"tensor {name} needs {end} bytes, the file has {len(data)}")
        tensors[name] = data[start:end].view(dtype).reshape(shape)
        expected = end
    if expected != len(data):
        raise ValueError(f"{len(data) - expected} bytes follow the last tensor")
    return tensors
