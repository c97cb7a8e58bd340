"""Blocks through several worker processes, results in the order of the blocks."""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TypeVar

from x2static.core.machine.cores import count_cores
from x2static.core.text.text_input import LineBlock
from x2static.prepare.chunk import ChunkPlan, ChunkProcessor, ChunkResult
from x2static.prepare.worker import WorkerProcess

Block = TypeVar("Block", bound=LineBlock)


class WorkerPool(AbstractContextManager["WorkerPool"]):
    """Runs `ChunkProcessor` over blocks; with one worker, in this very process.

    UDPipe's network always has processes of its own: its matrix products are small, want a single
    thread each, and numpy can be told so only before it is loaded.
    """

    def __init__(self, plan: ChunkPlan, workers: int) -> None:
        """Set up; processes start when the first blocks come.

        Args:
            plan: what every worker does.
            workers: processes; 0 takes one per core.
        """
        self._plan, self._workers = plan, workers or count_cores()
        self._idle: queue.SimpleQueue[WorkerProcess] = queue.SimpleQueue()
        self._all: list[WorkerProcess] = []
        self._is_open = True
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="prepare")

    def map(self, blocks: Iterable[Block]) -> Iterator[tuple[Block, ChunkResult]]:
        """Each block with its result, in order; a few blocks ahead are in work meanwhile."""
        if self._workers == 1 and self._plan.tokenizer.name != "udpipe":
            processor = ChunkProcessor(self._plan)
            for block in blocks:
                yield block, processor.process(block.data)
            return
        pending: deque[tuple[Block, Future[ChunkResult]]] = deque()
        for block in blocks:
            pending.append((block, self._threads.submit(self._process, block.data)))
            if len(pending) > 2 * self._workers:
                block, future = pending.popleft()
                yield block, future.result()
        while pending:
            block, future = pending.popleft()
            yield block, future.result()

    def __exit__(self, *_: object) -> None:
        """End all processes, also in the middle of their work."""
        self._is_open = False
        for worker in self._all:
            worker.close()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._all:  # one may have started meanwhile
            worker.close()

    def _process(self, data: bytes) -> ChunkResult:
        """Run in a thread: there are as many threads as processes, so one is always free."""
        try:
            worker = self._idle.get_nowait()
        except queue.Empty:
            if not self._is_open:
                raise RuntimeError("the pool is closed") from None
            worker = WorkerProcess(self._plan)
            self._all.append(worker)
        result = worker.process(data)
        self._idle.put(worker)
        return result
