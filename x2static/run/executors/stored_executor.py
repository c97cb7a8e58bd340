"""Any executor, with a store between the run's folder and those who work."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from x2static.core.errors import WorkbenchError
from x2static.run.executors.executor import Executor
from x2static.run.executors.mirror import mark, put_output
from x2static.run.executors.order import Order, Result
from x2static.run.executors.store import Store
from x2static.run.plan.fingerprints import Fingerprints
from x2static.run.plan.graph import Task
from x2static.run.plan.plan_file import PLAN_NAME, Entry, read_plan

_EVERY_SECONDS = 20.0
_AT_ONCE = 8


def through_store(order: Order, task: Task, entry: Entry, url: str) -> Order:
    """The order with all that a worker must know who shares nothing but the store."""
    reads = {path: digest for path, digest in entry.inputs.items() if not path.startswith("/")}
    return replace(order, store=url, work=entry.work, reads=reads, outputs=task.outputs)


class StoredExecutor:
    """Sees to it that the store has what a task reads, and the folder what it made."""

    def __init__(self, inner: Executor, store: Store, folder: Path, *, is_remote: bool) -> None:
        """Stand before an executor.

        Args:
            inner: who performs the orders; it does so by `perform_stored`.
            store: the place between.
            folder: of the run.
            is_remote: whether the work is done in other folders than this one.
        """
        self._inner, self._store, self._folder = inner, store, folder
        self._is_remote = is_remote
        self._orders: dict[str, Order] = {}
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="store")
        self._fetching: list[Future[Result]] = []
        self._looked = time.monotonic()

    def has_room(self) -> bool:
        """As the inner one has."""
        return self._inner.has_room()

    def start(self, order: Order) -> None:
        """Put there what the task reads and an earlier run without a store made; then begin."""
        self._orders[order.name] = order
        try:
            mark(order)
            if not (self._folder / order.log).exists():
                self._store.remove_file(order.log)
            for path, digest in order.reads.items():
                put_output(self._store, self._folder, path, digest, again=False)
        except WorkbenchError as error:
            failed = Result(name=order.name, code=2, seconds=0.0, error=str(error))
            self._fetching.append(self._pool.submit(lambda: failed))
            return
        self._inner.start(order)

    def finished(self, seconds: float) -> list[Result]:
        """What ended and is here."""
        for result in self._inner.finished(0.0 if self._is_waiting() else seconds):
            self._fetching.append(self._pool.submit(self._fetch, result))
        self._look_around()
        ready = [future for future in self._fetching if future.done()]
        self._fetching = [future for future in self._fetching if future not in ready]
        results = [future.result() for future in ready]
        for result in results:
            del self._orders[result.name]
        return results

    def stop(self) -> None:
        """As the inner one does."""
        self._inner.stop()

    def close(self) -> None:
        """As the inner one does."""
        self._inner.close()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _is_waiting(self) -> bool:
        """Whether fetches are under way; a short sleep then stands for the inner one's."""
        if self._fetching:
            time.sleep(0.05)
        return bool(self._fetching)

    def _fetch(self, result: Result) -> Result:
        order = self._orders[result.name]
        if not self._is_remote:
            return result
        try:
            self._store.get_longer(order.log, self._folder / order.log)
            if result.code == 0:
                fetch_outputs(self._store, self._folder, order.outputs)
        except WorkbenchError as error:
            return replace(result, code=2, error=str(error))
        return result

    def _look_around(self) -> None:
        """Bring the logs of what runs, for the progress shown; leave the plan there."""
        if time.monotonic() - self._looked < _EVERY_SECONDS:
            return
        self._looked = time.monotonic()
        if self._is_remote:
            for order in self._orders.values():
                self._pool.submit(self._store.get_longer, order.log, self._folder / order.log)
        self._pool.submit(self._store.put_file, self._folder / PLAN_NAME, PLAN_NAME)


def fetch_outputs(store: Store, folder: Path, paths: tuple[str, ...] | list[str]) -> None:
    """Bring outputs that are not here as they are there; what nobody made is left out."""
    known = Fingerprints(folder)
    for path in paths:
        found = store.manifest(path)
        if found is not None and known.of(path) != found.digest:
            store.get(path, found, folder)


def restore(store: Store, folder: Path) -> None:
    """Bring a run of which this machine knows nothing, so that it may go on here."""
    if (folder / PLAN_NAME).exists():
        return
    store.get_longer(PLAN_NAME, folder / PLAN_NAME)

    def bring(entry: Entry) -> None:
        store.get_longer(entry.log, folder / entry.log)
        fetch_outputs(store, folder, list(entry.digests))

    _for_all(bring, {n: e for n, e in read_plan(folder).items() if e.log})


def leave(store: Store, folder: Path, entries: Mapping[str, Entry], names: tuple[str, ...]) -> None:
    """Put there what of a run is not yet there, and last the files that tell of it.

    Args:
        store: where to.
        folder: of the run.
        entries: its tasks.
        names: of the files.
    """

    def put(entry: Entry) -> None:
        for path, digest in entry.digests.items():
            put_output(store, folder, path, digest, entry.work, again=False)

    _for_all(put, {n: e for n, e in entries.items() if e.state == "done"})
    for name in names:
        store.put_file(folder / name, name)


def _for_all(action: Callable[[Entry], None], entries: Mapping[str, Entry]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(action, entries.values()):
            pass
