"""What the workbench file says of one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from x2static.core.config import shown
from x2static.run.names import note_unknown, table_of
from x2static.run.patterns import HUB_DATASET, NO_URL, Place, is_url
from x2static.run.problems import Problems
from x2static.run.settings import typed_table

EVALUATIONS = ("bli", "similarity", "retrieval")
_TABLES = ("prepare", "distill", "align", "export")
_KNOWN = ("corpus", "tokenizer", "lexicon", "evaluate", *_TABLES)


@dataclass(frozen=True, kw_only=True)
class Language:
    """A language.

    Attributes:
        code: such as ``de``.
        corpus: raw text: an absolute path or ``hf:...``.
        lexicon: dictionary from it to the hub, to learn from; None where none is needed.
        is_aligned: False to keep its vectors as they were distilled.
        tables: settings of its own, by table.
        bli: dictionary from it to the hub, to be tested on.
        similarity: word similarity sets.
        retrieval: sentences and their translations, or nothing.
    """

    code: str
    corpus: str
    lexicon: Path | None = None
    is_aligned: bool = True
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bli: Path | None = None
    similarity: tuple[Path, ...] = ()
    retrieval: tuple[Path, ...] = ()


class LanguageReader:
    """Makes languages of their entries, with the patterns that stand for all of them."""

    def __init__(
        self,
        content: Mapping[str, Any],
        place: Place,
        hub: str,
        learns: bool,
        problems: Problems,
    ) -> None:
        """Read beside the top of the file.

        Args:
            content: of the file.
            place: where relative paths start.
            hub: the language that needs no lexicon.
            learns: whether alignment learns from a lexicon where a language does not say.
            problems: where to note what is wrong.
        """
        self._content, self._place, self._hub, self._learns = content, place, hub, learns
        self._problems = problems
        self._evaluate = table_of(content, "evaluate", EVALUATIONS, "[evaluate]", problems)
        self._matched: dict[str, bool] = {}

    def read(self, code: str, entry: Any) -> Language:
        """A language from its entry: a path, or a table."""
        where = f"languages.{code}"
        if isinstance(entry, str):
            entry = {"corpus": entry}
        if not isinstance(entry, dict):
            self._problems.add(where, f"expected a path or a table, found {shown(entry)}")
            entry = {}
        note_unknown(where, entry, _KNOWN, self._problems)
        own = self._tables(where, entry)
        is_aligned = entry.get("align") is not False
        tests = table_of(entry, "evaluate", EVALUATIONS, f"{where}.evaluate", self._problems)
        bli = self._files(where, "bli", tests, code) if code != self._hub else ()
        needs_lexicon = code != self._hub and is_aligned
        return Language(
            code=code,
            corpus=self._corpus(where, code, entry),
            lexicon=self._lexicon(where, code, entry, own) if needs_lexicon else None,
            is_aligned=is_aligned,
            tables=own,
            bli=bli[0] if bli else None,
            similarity=self._files(where, "similarity", tests, code),
            retrieval=self._retrieval(where, code, tests),
        )

    def finish(self) -> None:
        """Note the patterns that no language has a file for."""
        for pattern, matched in self._matched.items():
            if not matched:
                self._problems.add("[evaluate]", f"{pattern}: no language has such a file")

    def _tables(self, where: str, entry: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        own = {
            name: typed_table(name, entry[name], f"{where}.{name}", self._problems)
            for name in _TABLES
            if name in entry and not (name == "align" and isinstance(entry[name], bool))
        }
        if "tokenizer" in entry:
            given = {"tokenizer": entry["tokenizer"]}
            more = typed_table("prepare", given, where, self._problems)
            own["prepare"] = {**own.get("prepare", {}), **more}
        return own

    def _corpus(self, where: str, code: str, entry: Mapping[str, Any]) -> str:
        text = entry.get("corpus", self._content.get("corpora"))
        if not isinstance(text, str) or not text:
            self._problems.add(where, "no corpus; give one here or 'corpora' with {} at the top")
            return ""
        if is_url(text):
            self._problems.add(where, f"corpus {text}: {NO_URL}")
            return ""
        corpus = self._place.corpus(text, code)
        if not corpus.startswith(HUB_DATASET):
            self._check_there(where, "corpus", Path(corpus))
        return corpus

    def _lexicon(
        self, where: str, code: str, entry: Mapping[str, Any], own: Mapping[str, Any]
    ) -> Path | None:
        seeds = own.get("align", {}).get("seeds")
        if not (self._learns if seeds is None else seeds == "lexicon"):
            return None
        text = entry.get("lexicon", self._content.get("lexicons"))
        if not isinstance(text, str) or not text:
            self._problems.add(
                where,
                "no lexicon; give one here, or 'lexicons' with {} at the top, or align = false, or "
                'seeds = "identical" under [align]',
            )
            return None
        if is_url(text):
            self._problems.add(where, f"lexicon {text}: {NO_URL}")
            return None
        path = self._place.path(text, code)
        self._check_there(where, "lexicon", path)
        return path

    def _check_there(self, where: str, what: str, path: Path) -> None:
        if not path.exists():
            self._problems.add(where, f"{what} {path}: no such file")
        elif path.is_file() and not path.stat().st_size:
            self._problems.add(where, f"{what} {path} is empty")

    def _files(
        self, where: str, kind: str, tests: Mapping[str, Any], code: str
    ) -> tuple[Path, ...]:
        """The test files of a language: its own must be there, those of a pattern may be."""
        is_own = kind in tests
        given = tests[kind] if is_own else self._evaluate.get(kind, [])
        place = f"{where}.evaluate" if is_own else "[evaluate]"
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            self._problems.add(
                place, f"{kind}: expected a path or a list of them, found {shown(given)}"
            )
            return ()
        if urls := [text for text in texts if is_url(text)]:
            self._problems.add(place, f"{kind} {urls[0]}: {NO_URL}")
            return ()
        if kind == "bli" and len(texts) > 1:
            self._problems.add(place, "bli: give one dictionary for a language")
        paths = [self._place.path(text, code) for text in texts]
        for text, path in zip(texts, paths, strict=True):
            if is_own:
                self._check_there(where, kind, path)
            else:
                pattern = f"{kind} {text}"
                self._matched[pattern] = self._matched.get(pattern, False) or path.exists()
        return tuple(path for path in paths if is_own or path.exists())

    def _retrieval(self, where: str, code: str, tests: Mapping[str, Any]) -> tuple[Path, ...]:
        given = tests.get("retrieval", self._evaluate.get("retrieval"))
        if given is None or (code == self._hub and "retrieval" not in tests):
            return ()
        if not isinstance(given, list) or len(given) != 2:
            place = f"{where}.evaluate" if "retrieval" in tests else "[evaluate]"
            self._problems.add(
                place, f"retrieval: expected [sentences, their translations], found {shown(given)}"
            )
            return ()
        pair = self._files(where, "retrieval", tests, code)
        return pair if len(pair) == 2 else ()
