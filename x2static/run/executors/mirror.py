"""A task whose folder may be this machine's own: what it reads and makes goes through a store.

Before the task, inputs that are missing here or differ are fetched, and the checkpoint of an
attempt that was lost with another machine. While it runs, its log and newest checkpoint are put
there; in the end its outputs with their records.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from x2static.core.errors import OutputError, WorkbenchError
from x2static.core.storage.files import describe_os_error, make_parent, remove_tree, staged
from x2static.core.storage.save_clock import SaveClock
from x2static.run.executors.order import Order, Result, perform
from x2static.run.executors.store import Store
from x2static.run.plan.fingerprints import Fingerprints
from x2static.run.plan.leftovers import clear_leftovers

_EVERY_SECONDS = 60.0
_UNFINISHED = ".unfinished"
_NOT_COPIED = ("lock",)


def perform_stored(
    order: Order, started: Callable[[subprocess.Popen[bytes]], None] = lambda _: None
) -> Result:
    """Run an order in its folder, with the store as its only tie to other machines."""
    began = time.monotonic()
    try:
        mirror = Mirror(Store(order.store), order)
        mirror.fetch()
        try:
            result = perform(order, started, mirror.tick)
        except KeyboardInterrupt:  # a cluster takes the task back; it has saved what it had
            mirror.put_unfinished()
            raise
        if result.code == 0 and mirror.is_whole():  # pre-training that was stopped ends with 0
            mirror.put_outputs()
        else:
            mirror.put_unfinished()
        mirror.put_log()
    except WorkbenchError as error:
        seconds = time.monotonic() - began
        return Result(name=order.name, code=2, seconds=seconds, error=str(error))
    return result


def perform_here(
    order: Order, started: Callable[[subprocess.Popen[bytes]], None] = lambda _: None
) -> Result:
    """Run an order, through a store if it names one."""
    return perform_stored(order, started) if order.store else perform(order, started)


def perform_on_node(order: Order) -> Result:
    """Run an order of another machine."""
    return perform_here(node_order(order))


def mark(order: Order) -> None:
    """Note which work the leftovers of a task in this folder belong to."""
    with staged(_marker(order), own=True) as temporary:
        temporary.write_text(order.work, encoding="utf-8")


def put_output(
    store: Store, folder: Path, path: str, digest: str, work: str = "", *, again: bool = True
) -> None:
    """Put an output with its record there.

    Args:
        store: where to.
        folder: of the run.
        path: of the output in it.
        digest: of its content.
        work: that made it.
        again: put it there, too, if the same content is.
    """
    found = None if again else store.manifest(path)
    if found is None or found.digest != digest:
        store.put(path, _files(folder, path), digest=digest, work=work)


class Mirror:
    """One order's traffic with the store."""

    def __init__(self, store: Store, order: Order) -> None:
        """Speak for an order."""
        self._store, self._order, self._folder = store, order, order.folder
        self._clock = SaveClock(_EVERY_SECONDS)
        self._seen = self._checkpoints()

    def fetch(self) -> None:
        """Bring what the task needs; leftovers of other work go."""
        with _held(self._folder):
            self._forget_other_work()
            known = Fingerprints(self._folder)
            for path, digest in self._order.reads.items():
                if known.of(path) != digest:
                    self._fetch_input(path, digest)
            known.save()
            for path in self._order.outputs:
                self._fetch_checkpoint(f"{path}{_UNFINISHED}")
        self._seen = self._checkpoints()

    def tick(self) -> None:
        """Put the log there, and the checkpoint if it is a new one, now and then."""
        if self._clock.is_due():
            with self._clock.saving():
                self.put_log()
                self.put_unfinished()

    def put_unfinished(self) -> None:
        """Put the newest checkpoint there; a failure costs no more than a line in the log."""
        now = self._checkpoints()
        if now == self._seen or not now:
            return
        try:
            for path in self._order.outputs:
                self._put_work_folder(f"{path}{_UNFINISHED}")
            self._seen = now
        except WorkbenchError as error:
            self._complain(f"no checkpoint there: {error}")

    def is_whole(self) -> bool:
        """Whether all that the task is to make is there."""
        return all((self._folder / path).exists() for path in self._order.outputs)

    def put_outputs(self) -> None:
        """Put what was made there; unfinished work is of no use any more."""
        known = Fingerprints(self._folder)
        for path in self._order.outputs:
            if digest := known.of(path):
                put_output(self._store, self._folder, path, digest, self._order.work)
            self._store.drop(f"{path}{_UNFINISHED}")
        known.save()

    def put_log(self) -> None:
        """Put the log there as it stands."""
        with suppress(WorkbenchError):  # nothing depends on it
            self._store.put_file(self._folder / self._order.log, self._order.log)

    # ---- inside ----------------------------------------------------------------------------

    def _forget_other_work(self) -> None:
        """A task that ended elsewhere, or was begun anew, may have left half of itself here."""
        marker, work = _marker(self._order), ""
        with suppress(OSError):
            work = marker.read_text(encoding="utf-8")
        if work != self._order.work:
            clear_leftovers(self._folder, (*self._order.outputs, self._order.log))
            mark(self._order)
        for path in (*self._order.outputs, self._order.log):
            make_parent(self._folder / path)

    def _fetch_input(self, path: str, digest: str) -> None:
        found = self._store.manifest(path)
        if found is None or found.digest != digest:
            what = "is not there" if found is None else "is another one than this run made"
            raise OutputError(
                f"store {self._store.url}: {path} {what}; give the same command again"
            )
        self._store.get(path, found, self._folder)

    def _fetch_checkpoint(self, path: str) -> None:
        if not self._order.work or any(_numbered(self._folder / path)):
            return  # what lies here goes on
        found = self._store.manifest(path)
        if found is not None and found.work == self._order.work:
            self._store.get_longer(self._order.log, self._folder / self._order.log)
            self._store.get(path, found, self._folder)

    def _checkpoints(self) -> list[str]:
        """The checkpoints that lie here."""
        return [
            str(place)
            for path in self._order.outputs
            for place in _numbered(self._folder / f"{path}{_UNFINISHED}")
        ]

    def _put_work_folder(self, path: str) -> None:
        """Put a work folder there as it is at one moment; links hold on to what the task drops."""
        frozen = self._folder / ".frozen" / _plain_name(self._order)
        remove_tree(frozen)
        try:
            files = _frozen(self._folder / path, frozen)
            if files:
                self._store.put(
                    path,
                    {f"{path}/{inner}": file for inner, file in files.items()},
                    work=self._order.work,
                    aside=True,
                )
        finally:
            remove_tree(frozen)

    def _complain(self, text: str) -> None:
        with suppress(OSError), (self._folder / self._order.log).open("a") as stream:
            stream.write(f"{text}\n")


def node_order(order: Order) -> Order:
    """The order in the folder that this node keeps for the run: X2STATIC_NODE_FOLDER, or its own.

    Only where a store ties the nodes together; else all of them share the run's folder.
    """
    own = os.environ.get("X2STATIC_NODE_FOLDER", "")
    if not (order.store and own):
        return order
    name = order.store.partition("://")[2].strip("/").replace("/", "-")
    return replace(order, folder=Path(own).absolute() / name)


def _frozen(work: Path, frozen: Path) -> dict[str, Path]:
    """Links to a work folder's files by their path in it: checkpoints first.

    What is only added to (curves, readings) may then be newer than the checkpoint, never older.
    """
    checkpoints = set(_numbered(work))
    found = {}
    names = [path for path in work.rglob("*") if path.is_file() and _is_kept(path, work)]
    for path in sorted(names, key=lambda path: (path.parent not in checkpoints, path)):
        inner = str(path.relative_to(work))
        make_parent(frozen / inner)
        try:
            os.link(path, frozen / inner)
        except FileNotFoundError:
            return {}  # a newer checkpoint has taken its place; the next look finds that
        except OSError:  # a file system without links
            shutil.copyfile(path, frozen / inner)
        found[inner] = frozen / inner
    return found


def _is_kept(path: Path, work: Path) -> bool:
    parts = path.relative_to(work).parts
    return path.name not in _NOT_COPIED and not any(part.startswith(".") for part in parts)


def _numbered(work: Path) -> list[Path]:
    """The checkpoints of a work folder, see `x2static.core.storage.checkpoint`."""
    return sorted(path for path in work.glob("checkpoints*/*") if path.name.isdigit())


def _files(folder: Path, path: str) -> dict[str, Path]:
    """An output's files by their path in the run's folder, its record among them."""
    place = folder / path
    files = [inner for inner in place.rglob("*") if inner.is_file()] if place.is_dir() else [place]
    record = place.with_name(f"{place.name}.run.json")
    if record.is_file():
        files.append(record)
    return {str(file.relative_to(folder)): file for file in sorted(files)}


def _marker(order: Order) -> Path:
    return order.folder / ".work" / _plain_name(order)


def _plain_name(order: Order) -> str:
    """The task's name as that of a file."""
    return order.name.replace("/", ".").replace("*", "all")


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """One task of this machine at a time looks at what is here and fetches the rest."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".fetching").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise OutputError(describe_os_error(folder, error)) from error
