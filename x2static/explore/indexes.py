"""The short lists of all languages: read or made in the background, used as soon as they are there.

Until a language's codes are ready its rows are all looked at: slower, with the same answers.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from x2static.core.errors import Interrupted, OutputError, WorkbenchError, require
from x2static.core.vectors import FloatMatrix
from x2static.explore.code_shelf import CodeShelf
from x2static.explore.config import SearchRule
from x2static.explore.shortlist import Codes, Shortlist, make_codes, random_rotation
from x2static.explore.spaces import Space

# All rows of less than this are multiplied in some 30 ms on two cores.
_SMALL_BYTES = 250_000_000
_FEW_ROWS = 5_000


class Indexes:
    """Opens the vectors and fetches their codes, one language after the other."""

    def __init__(self, spaces: Sequence[Space], rule: SearchRule, shelf: CodeShelf) -> None:
        """Decide whether short lists are wanted; nothing is done before `start`.

        Raises:
            MissingDependencyError: ``shortlist`` without FAISS.
        """
        self._spaces, self._shelf = spaces, shelf
        self._found: dict[tuple[str, str], Shortlist] = {}
        self._stop, self._keeps = threading.Event(), True
        self._done, self._total = 0, sum(len(space.places) for space in spaces)
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

    def rotated(
        self, space: str, languages: Sequence[str], query: FloatMatrix
    ) -> FloatMatrix | None:
        """A query, (D,), as the short lists of these languages want it; None without any."""
        for name in languages:
            if (found := self.shortlist(space, name)) is not None and found.width == len(query):
                return found.rotated(query)
        return None

    def state(self) -> dict[str, Any]:
        """How far it has come."""
        return {
            "shortlists": self.is_wanted, "done": self._done, "total": self._total,
            "ready": self._done == self._total, "note": self.reason,
        }  # fmt: skip

    def prepare_thread(self) -> None:
        """One thread a search: the languages are searched side by side."""
        if self.is_wanted:
            import faiss

            faiss.omp_set_num_threads(1)

    def _run(self) -> None:
        for space in reversed(self._spaces):  # after the alignment first: the page shows it first
            for name in space.places:
                try:
                    self._check()
                    self._fetch(space, name)
                except Interrupted:
                    return
                except WorkbenchError:  # told to whoever asks for the language
                    continue
                finally:
                    self._done += 1

    def _fetch(self, space: Space, name: str) -> None:
        language = space.language(name)
        if not self.is_wanted or len(language) < _FEW_ROWS:
            return
        rotation = _rotation(language.width)
        codes = self._shelf.load(space.name, language, rotation)
        if codes is None:
            codes = make_codes(language, rotation, self._check)
            self._keep(space.name, name, codes, rotation)
        self._found[space.name, name] = Shortlist(codes, rotation)

    def _check(self) -> None:
        if self._stop.is_set():
            raise Interrupted("stopped")

    def _keep(self, space: str, name: str, codes: Codes, rotation: FloatMatrix) -> None:
        if not self._keeps:
            return
        language = next(one for one in self._spaces if one.name == space).language(name)
        try:
            self._shelf.save(space, language, rotation, codes)
        except OutputError as error:
            self._keeps = False
            print(f"codes are not kept: {error}", file=sys.stderr)  # noqa: T201


@lru_cache(maxsize=4)
def _rotation(width: int) -> FloatMatrix:
    return random_rotation(width)
