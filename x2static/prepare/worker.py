"""A worker process: blocks of lines come in on one pipe, results go out on another.

Not `multiprocessing`: its workers outlive a parent that was killed, need a guarded main module, and
pickle every sentence. Here a closed pipe ends the worker, and a block travels as plain bytes.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from typing import IO

import numpy as np

from x2static.core.errors import WorkbenchError
from x2static.prepare.chunk import ChunkPlan, ChunkProcessor, ChunkResult

_LENGTH = struct.Struct("<Q")
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""There is one worker per core already."""

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from x2static.prepare.worker import serve; serve()"
)


class WorkerProcess:
    """The parent's end: sends a block, waits for its result."""

    def __init__(self, plan: ChunkPlan) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the parent's to handle
            env={**os.environ, **ONE_THREAD},
        )
        self._send(plan.to_json().encode())

    def process(self, data: bytes) -> ChunkResult:
        """As `ChunkProcessor.process`, in the other process."""
        self._send(data)
        return _unpack(self._receive_all())

    def close(self) -> None:
        """Let the process end, at once if it is in the middle of something."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:  # what could not be flushed is of no more use
                    continue
        self._process.wait()

    def _send(self, data: bytes) -> None:
        stream = self._process.stdin
        try:
            if stream is not None:
                stream.write(_LENGTH.pack(len(data)) + data)
                stream.flush()
        except OSError as error:
            raise self._died() from error

    def _receive_all(self) -> list[bytes]:
        stream = self._process.stdout
        parts = [] if stream is None else [_receive(stream) for _ in range(4)]
        if len(parts) < 4 or None in parts:
            raise self._died()
        return [part for part in parts if part is not None]

    def _died(self) -> WorkbenchError:
        code = self._process.poll()
        return WorkbenchError(
            f"a worker process ended early (exit code {code}); if memory ran out, try --workers 1"
        )


def serve() -> None:
    """The worker's end: answer blocks until the parent closes the pipe."""
    requests = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    plan = _receive(requests)
    if plan is None:
        return
    processor: ChunkProcessor | None = None
    while (data := _receive(requests)) is not None:
        try:
            processor = processor or ChunkProcessor(ChunkPlan.from_json(plan.decode()))
            parts = _pack(processor.process(data))
        except WorkbenchError as error:
            parts = _pack_failure("error", str(error))
        except Exception:  # a bug travels to the parent, which raises it there
            parts = _pack_failure("crash", traceback.format_exc())
        try:
            answers.write(b"".join(_LENGTH.pack(len(part)) + part for part in parts))
            answers.flush()
        except BrokenPipeError:  # the parent is gone
            return


def _receive(stream: IO[bytes]) -> bytes | None:
    """One message, or None where the other side has closed."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    size = _LENGTH.unpack(head)[0]
    data = stream.read(size)
    return data if len(data) == size else None


def _pack(result: ChunkResult) -> Sequence[bytes]:
    head = json.dumps({"counts": result.counts, "bad_line": result.bad_line}).encode()
    return (
        head,
        b"\n".join(result.sentences),
        result.hashes.tobytes(),
        result.paragraphs.tobytes(),
    )


def _pack_failure(kind: str, text: str) -> Sequence[bytes]:
    return json.dumps({kind: text}).encode(), b"", b"", b""


def _unpack(parts: Sequence[bytes]) -> ChunkResult:
    head = json.loads(parts[0])
    if "error" in head:
        raise WorkbenchError(head["error"])
    if "crash" in head:
        raise RuntimeError(f"in a worker process:\n{head['crash']}")
    return ChunkResult(
        counts=Counter(head["counts"]),
        sentences=parts[1].split(b"\n") if parts[1] else [],
        hashes=np.frombuffer(parts[2], dtype=np.uint64),
        paragraphs=np.frombuffer(parts[3], dtype=np.int64),
        bad_line=tuple(head["bad_line"]) if head["bad_line"] else None,
    )
