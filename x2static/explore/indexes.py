"""The short lists of all languages: read or made in the background, used as soon as they are there.

A question does not wait for codes that are yet to be made: all rows of the language are looked at
instead, slower, with the same answers. For codes that lie on disk it waits; that takes less.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from x2static.core.errors import Interrupted, OutputError, WorkbenchError, require
from x2static.core.messages import say
from x2static.core.vectors import FloatMatrix
from x2static.explore.code_shelf import CodeShelf
from x2static.explore.config import SearchRule
from x2static.explore.language import LanguageVectors
from x2static.explore.shortlist import Codes, Shortlist, make_codes, random_rotation
from x2static.explore.spaces import Space

# All rows of less than this are multiplied in some 30 ms on two cores.
_SMALL_BYTES = 250_000_000
_FEW_ROWS = 5_000


class Indexes:
    """Opens the vectors and fetches their codes, as many languages at a time as there are cores."""

    def __init__(self, spaces: Sequence[Space], rule: SearchRule, shelf: CodeShelf) -> None:
        """Decide whether short lists are wanted; nothing is done before `start`.

        Raises:
            MissingDependencyError: ``shortlist`` without FAISS.
        """
        self._shelf = shelf
        self._found: dict[tuple[str, str], Shortlist] = {}
        # After the alignment first: the page shows it first.
        self._all = [(space, name) for space in reversed(spaces) for name in space.places]
        self._loading = {(space.name, name): threading.Lock() for space, name in self._all}
        self._loaded: set[tuple[str, str]] = set()
        self._stop, self._keeps = threading.Event(), True
        self._done, self._counting = 0, threading.Lock()
        self._thread = threading.Thread(target=self._run, name="indexes", daemon=True)
        self.reason = ""
        has_faiss = importlib.util.find_spec("faiss") is not None
        if rule == "auto":
            is_large = max(space.num_bytes for space in spaces) > _SMALL_BYTES
            self.is_wanted = is_large and has_faiss
            if is_large and not has_faiss:
                self.reason = (
                    "FAISS is not installed, so every search multiplies all rows; "
                    "pip install 'x2static-workbench[faiss]' makes it quick"
                )
        else:
            self.is_wanted = rule == "shortlist"
            if self.is_wanted and not has_faiss:
                require("faiss", "faiss", "--search shortlist")

    def start(self) -> None:
        """Begin in the background."""
        self._thread.start()

    def wait(self) -> None:
        """Until all is there."""
        self._thread.join()

    def stop(self) -> None:
        """Leave off; what is half made is dropped."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def shortlist(self, space: str, language: str) -> Shortlist | None:
        """What is ready for a language."""
        return self._found.get((space, language))

    def loaded(self, space: Space, name: str) -> Shortlist | None:
        """What is ready for a language, read from disk if need be; None before it is made.

        Raises:
            WorkbenchError: the vectors cannot be read.
        """
        key = space.name, name
        if key not in self._found and self.is_wanted:
            with self._loading[key]:
                if key not in self._loaded:
                    self._load(space, name)
        return self._found.get(key)

    def rotated(self, query: FloatMatrix) -> FloatMatrix | None:
        """A query, (D,), as the short lists want it; None if there will not be any."""
        return query @ _rotation(len(query)) if self.is_wanted else None

    def state(self) -> dict[str, Any]:
        """How far it has come."""
        return {
            "shortlists": self.is_wanted,
            "done": self._done,
            "total": len(self._all),
            "ready": self._done == len(self._all),
            "note": self.reason,
        }

    def prepare_thread(self) -> None:
        """One thread a search: the languages are searched side by side."""
        if self.is_wanted:
            import faiss

            faiss.omp_set_num_threads(1)

    def _run(self) -> None:
        with ThreadPoolExecutor(os.cpu_count(), "codes", self.prepare_thread) as pool:
            list(pool.map(self._fetch, *zip(*self._all, strict=True)))

    def _fetch(self, space: Space, name: str) -> None:
        """Have the short list of a language, if it is to have one."""
        try:
            self._check()
            language = space.language(name)
            if self.is_wanted and len(language) >= _FEW_ROWS:
                shortlist = self.loaded(space, name) or self._make(space, language)
                shortlist.settle()
        except Interrupted:
            return
        except WorkbenchError:  # told to whoever asks for the language
            pass
        with self._counting:
            self._done += 1

    def _make(self, space: Space, language: LanguageVectors) -> Shortlist:
        rotation = _rotation(language.width)
        codes = make_codes(language, rotation, self._check)
        self._keep(space.name, language, codes, rotation)
        shortlist = Shortlist(codes, rotation)
        self._found[space.name, language.name] = shortlist
        return shortlist

    def _load(self, space: Space, name: str) -> None:
        language = space.language(name)
        rotation = _rotation(language.width)
        if codes := self._shelf.load(space.name, language, rotation):
            self._found[space.name, name] = Shortlist(codes, rotation)
        self._loaded.add((space.name, name))

    def _check(self) -> None:
        if self._stop.is_set():
            raise Interrupted("stopped")

    def _keep(
        self, space: str, language: LanguageVectors, codes: Codes, rotation: FloatMatrix
    ) -> None:
        if not self._keeps:
            return
        try:
            self._shelf.save(space, language, rotation, codes)
        except OutputError as error:
            self._keeps = False
            say(f"codes are not kept: {error}")


@lru_cache(maxsize=4)
def _rotation(width: int) -> FloatMatrix:
    return random_rotation(width)
