"""A folder in an object store, or any other place that fsspec knows, which all machines reach.

What belongs together is a parcel: its files lie under their own names, and a manifest that is
written last says which they are. A parcel without a manifest is not there; a file that is not what
its manifest says is refused.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from x2static.core.errors import ConfigError, OutputError, WorkbenchError, require
from x2static.core.storage.files import make_parent, staged

_OWN = ".x2static"  # what is no result lies here
_BLOCK = 1 << 23
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Part:
    """A file of a parcel: its name in the store, its digest and size."""

    at: str
    sha256: str
    size: int


@dataclass(frozen=True)
class ParcelManifest:
    """What a parcel is.

    Attributes:
        digest: of the whole, as `Fingerprints` gives it, or nothing.
        work: the piece of work that it belongs to.
        files: by path relative to the run's folder.
    """

    digest: str = ""
    work: str = ""
    files: dict[str, Part] = field(default_factory=dict)


class Store:
    """Parcels and plain files under one address."""

    def __init__(self, url: str) -> None:
        """Name the place.

        Raises:
            WorkbenchError: fsspec, or what it needs for this kind of address, is not installed.
        """
        self.url = url.rstrip("/")
        fsspec: Any = require("fsspec.core", "cluster", "'store'")
        try:
            self._files, self._root = fsspec.url_to_fs(self.url)
        except (ImportError, ValueError) as error:  # the kind's own package; no such kind
            raise ConfigError(f"store {url}: {_line(error)}") from error
        except Exception as error:  # each kind has errors of its own
            raise ConfigError(f"store {url}: cannot be reached: {_line(error)}") from error

    def check(self) -> None:
        """Write, read and delete a file.

        Raises:
            ConfigError: one of these failed, or took too long.
        """
        failures: list[WorkbenchError] = []
        probe = f"{_OWN}/probe-{secrets.token_hex(8)}"

        def try_it() -> None:
            try:
                with self._told("cannot be used"):
                    self._write(probe, b"x2static")
                    self._files.cat_file(self._place(probe))
                    self._files.rm_file(self._place(probe))
            except WorkbenchError as error:
                failures.append(error)

        thread = threading.Thread(target=try_it, daemon=True)
        thread.start()
        thread.join(_PATIENCE_SECONDS)
        if thread.is_alive():
            raise ConfigError(
                f"store {self.url}: no answer within {_PATIENCE_SECONDS:.0f} seconds; is the "
                "address right and the network there?"
            )
        if failures:
            raise ConfigError(
                f"{failures[0]}; this program must be able to write, read and delete there"
            )

    # ---- parcels ---------------------------------------------------------------------------

    def manifest(self, name: str) -> ParcelManifest | None:
        """What a parcel is, if it is there."""
        try:
            with self._told(f"{name} cannot be read", but_missing=True):
                content = json.loads(self._files.cat_file(self._place(_manifest(name))))
            files = {path: Part(**part) for path, part in content.pop("files").items()}
            return ParcelManifest(**content, files=files)
        except (FileNotFoundError, ValueError, TypeError, KeyError):  # none, or a half-written one
            return None

    def put(
        self,
        name: str,
        files: Mapping[str, Path],
        *,
        digest: str = "",
        work: str = "",
        aside: bool = False,
    ) -> None:
        """Replace a parcel.

        Args:
            name: of the parcel, such as ``vectors/de``.
            files: its files by path relative to the run's folder.
            digest: of the whole.
            work: the piece of work it belongs to.
            aside: keep the files out of sight, and the old ones until the new manifest is written.
        """
        before = self.manifest(name)
        with self._told(f"{name} cannot be written"):
            if before is not None and not aside:
                self._files.rm_file(self._place(_manifest(name)))
            place = f"{_aside(name)}/{secrets.token_hex(8)}/" if aside else ""
            parts = {path: self._send(file, f"{place}{path}") for path, file in files.items()}
            content = asdict(ParcelManifest(digest, work, parts))
            self._write(_manifest(name), json.dumps(content).encode())
            kept = {part.at for part in parts.values()}
            self._remove(before, kept)

    def get(self, name: str, manifest: ParcelManifest, folder: Path) -> None:
        """Fetch a parcel's files into a run's folder, each whole or not at all."""
        inner = {p: part for p, part in manifest.files.items() if p.startswith(f"{name}/")}
        for path, part in manifest.files.items():
            if path not in inner:
                with staged(folder / path, own=True) as temporary:
                    self._fetch(part, temporary)
        if inner:
            with staged(folder / name, own=True) as temporary:
                for path, part in inner.items():
                    place = temporary / Path(path).relative_to(name)
                    make_parent(place)
                    self._fetch(part, place)

    def drop(self, name: str) -> None:
        """Remove a parcel that was put aside, and what is left of those not put whole."""
        self.remove_file(_manifest(name))
        told = self._told(f"{name} cannot be removed", but_missing=True)
        with suppress(FileNotFoundError), told:
            self._files.rm(self._place(_aside(name)), recursive=True)

    # ---- plain files -----------------------------------------------------------------------

    def put_file(self, file: Path, name: str) -> None:
        """Copy a file there; a reader may see half of it."""
        with self._told(f"{name} cannot be written"):
            self._send(file, name)

    def get_longer(self, name: str, file: Path) -> None:
        """Fetch a file that only grows, if more of it lies there than here."""
        try:
            with self._told(f"{name} cannot be read", but_missing=True):
                size = self._files.size(self._place(name))
                if size > (file.stat().st_size if file.exists() else -1):
                    content = self._files.cat_file(self._place(name))
                    with staged(file, own=True) as temporary:
                        temporary.write_bytes(content)
        except FileNotFoundError:
            return

    def remove_file(self, name: str) -> None:
        """Delete a file, if it is there."""
        told = self._told(f"{name} cannot be removed", but_missing=True)
        with suppress(FileNotFoundError), told:
            self._files.rm_file(self._place(name))

    # ---- inside ----------------------------------------------------------------------------

    def _place(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _write(self, name: str, content: bytes) -> None:
        self._make_folder(name)
        self._files.pipe_file(self._place(name), content)

    def _send(self, file: Path, name: str) -> Part:
        self._make_folder(name)
        digest, size = hashlib.sha256(), 0
        with file.open("rb") as source, self._files.open(self._place(name), "wb") as target:
            while block := source.read(_BLOCK):  # what grows meanwhile counts as far as it is sent
                target.write(block)
                digest.update(block)
                size += len(block)
        return Part(name, digest.hexdigest(), size)

    def _fetch(self, part: Part, file: Path) -> None:
        digest = hashlib.sha256()
        there = self._place(part.at)
        with (
            self._told(f"{part.at} cannot be fetched"),
            self._files.open(there, "rb") as source,
            file.open("wb") as target,
        ):
            while block := source.read(_BLOCK):
                target.write(block)
                digest.update(block)
        if digest.hexdigest() != part.sha256:
            raise OutputError(
                f"store {self.url}: {part.at} is not what was put there; remove it and run again"
            )

    def _make_folder(self, name: str) -> None:
        """Object stores have no folders; asked for one, some would make a bucket."""
        if not self._files.async_impl:
            self._files.makedirs(self._place(name).rpartition("/")[0], exist_ok=True)

    def _remove(self, manifest: ParcelManifest | None, kept: set[str]) -> None:
        for part in manifest.files.values() if manifest else ():
            if part.at not in kept:
                with suppress(FileNotFoundError):
                    self._files.rm_file(self._place(part.at))

    @contextmanager
    def _told(self, what: str, *, but_missing: bool = False) -> Iterator[None]:
        """Turn what the store raises into one line, perhaps but for a file that is not there."""
        try:
            yield
        except WorkbenchError:
            raise
        except Exception as error:  # each kind has errors of its own
            if but_missing and isinstance(error, (FileNotFoundError, ValueError)):
                raise
            raise OutputError(f"store {self.url}: {what}: {_line(error)}") from error


def _manifest(name: str) -> str:
    return f"{_OWN}/manifests/{name}.json"


def _aside(name: str) -> str:
    return f"{_OWN}/checkpoints/{name}"


def _line(error: Exception) -> str:
    """The first line of what an error says."""
    reason = getattr(error, "strerror", None) or str(error)
    return (reason.strip().splitlines() or [type(error).__name__])[0].rstrip(".")
