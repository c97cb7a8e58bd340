"""What a file or folder contains, as a digest; read again only when its size or times changed."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from x2static.core.storage.files import sha256, staged

_NAME = ".hashes.json"
_NO_CONTENT = {"run.json", "curve.jsonl", "trackers"}  # of a run's output: they hold times


class Fingerprints:
    """Digests of files, kept in the run's folder from run to run."""

    def __init__(self, folder: Path) -> None:
        """Paths that are not absolute start from ``folder``."""
        self._folder = folder
        self._known: dict[str, list[int | str]] = {}
        self._is_saved = True
        try:
            self._known = dict(json.loads((folder / _NAME).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, RecursionError):
            self._known = {}

    def of(self, path: str) -> str | None:
        """The digest of a file, or of a folder's files but its records; None if it is not there."""
        place = self._folder / path
        try:
            if place.is_dir():
                return self._of_folder(place, path)
            return self._of_file(place, path)
        except OSError:
            return None

    def save(self) -> None:
        """Keep what was learned."""
        if not self._is_saved:
            with staged(self._folder / _NAME, own=True) as temporary:
                temporary.write_text(json.dumps(self._known), encoding="utf-8")
            self._is_saved = True

    def _of_folder(self, place: Path, path: str) -> str:
        digest = hashlib.sha256()
        for root, folders, files in os.walk(place):
            folders[:] = sorted(name for name in folders if _is_content(name))
            for name in sorted(filter(_is_content, files)):
                inner = Path(root, name).relative_to(place)
                content = self._of_file(place / inner, f"{path}/{inner}")
                digest.update(f"{inner} {content}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

    def _of_file(self, place: Path, path: str) -> str:
        about = place.stat()
        # The time of the last change of the file's entry cannot be set by hand, unlike the other.
        state = [about.st_size, about.st_mtime_ns, about.st_ctime_ns]
        known = self._known.get(path)
        if known is not None and known[:-1] == state:
            return str(known[-1])
        found = sha256(place)
        self._known[path] = [*state, found]
        self._is_saved = False
        return found


def _is_content(name: str) -> bool:
    return not name.startswith(".") and name not in _NO_CONTENT
