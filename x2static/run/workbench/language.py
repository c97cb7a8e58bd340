"""What the workbench file says of one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from x2static.commands import evaluations
from x2static.core.config import shown
from x2static.core.errors import LexiconError
from x2static.core.lexicons.cldr import cldr_lexicon, names_cldr
from x2static.run.workbench.names import note_unknown, table_of
from x2static.run.workbench.patterns import HUB_DATASET, NO_URL, Place, is_url
from x2static.run.workbench.problems import Problems
from x2static.run.workbench.settings import typed_table

_TABLES = ("prepare", "extend", "distill", "align", "export")
_SWITCHED = ("align", "extend")  # may be true or false, too
_KNOWN = ("corpus", "tokenizer", "lexicon", "evaluate", *_TABLES)


@dataclass(frozen=True, kw_only=True)
class WorkbenchLanguage:
    """A language.

    Attributes:
        code: such as ``de``.
        corpus: raw text: an absolute path or ``hf:...``.
        lexicon: dictionary from it to the hub, to learn from; None where none is needed.
        is_aligned: False to keep its vectors as they were distilled.
        is_added: whether the teacher learns it first.
        tables: settings of its own, by table.
        tests: files that it is tested on, by evaluation; none where there are none.
    """

    code: str
    corpus: str
    lexicon: Path | None = None
    is_aligned: bool = True
    is_added: bool = False
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tests: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)


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
        self._pipelines = {
            name: one.pipeline for name, one in evaluations().items() if one.pipeline
        }
        self._evaluate = table_of(content, "evaluate", self._pipelines, "[evaluate]", problems)
        self._matched: dict[str, bool] = {}

    def read(self, code: str, entry: Any) -> WorkbenchLanguage:
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
        place = f"{where}.evaluate"
        tests = table_of(entry, "evaluate", self._pipelines, place, self._problems)
        needs_lexicon = code != self._hub and is_aligned
        return WorkbenchLanguage(
            code=code,
            corpus=self._corpus(where, code, entry),
            lexicon=self._lexicon(where, code, entry, own) if needs_lexicon else None,
            is_aligned=is_aligned,
            is_added=entry.get("extend", False) is not False,
            tables=own,
            tests={name: self._tests(where, name, tests, code) for name in self._pipelines},
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
            if name in entry and not (name in _SWITCHED and isinstance(entry[name], bool))
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
        if names_cldr(Path(text)):
            return self._boxed(where, text.replace("{}", code))
        path = self._place.path(text, code)
        self._check_there(where, "lexicon", path)
        return path

    def _boxed(self, where: str, name: str) -> Path:
        """A dictionary in the box, such as ``cldr:de-en``."""
        try:
            cldr_lexicon(name)
        except LexiconError as error:
            self._problems.add(where, str(error).removeprefix("--"))
        return Path(name)

    def _check_there(self, where: str, what: str, path: Path) -> None:
        if not path.exists():
            self._problems.add(where, f"{what} {path}: no such file")
        elif path.is_file() and not path.stat().st_size:
            self._problems.add(where, f"{what} {path} is empty")

    def _tests(
        self, where: str, kind: str, tests: Mapping[str, Any], code: str
    ) -> tuple[Path, ...]:
        """The test files of a language for one evaluation, as many as that takes, or none."""
        pipeline = self._pipelines[kind]
        if code == self._hub and (
            pipeline.hub == "never" or (pipeline.hub == "asked" and kind not in tests)
        ):
            return ()
        given = tests.get(kind, self._evaluate.get(kind, []))
        place = f"{where}.evaluate" if kind in tests else "[evaluate]"
        if pipeline.files == "one" and isinstance(given, list) and len(given) > 1:
            self._problems.add(place, f"{kind}: give one {pipeline.called} for a language")
        if pipeline.files != "pair":
            return self._files(where, kind, tests, code)
        if kind not in tests and kind not in self._evaluate:
            return ()
        if not isinstance(given, list) or len(given) != 2:
            self._problems.add(
                place,
                f"{kind}: expected [{pipeline.called}, their translations], found {shown(given)}",
            )
            return ()
        pair = self._files(where, kind, tests, code)
        return pair if len(pair) == 2 else ()

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
        paths = [self._place.path(text, code) for text in texts]
        for text, path in zip(texts, paths, strict=True):
            if is_own:
                self._check_there(where, kind, path)
            else:
                pattern = f"{kind} {text}"
                self._matched[pattern] = self._matched.get(pattern, False) or path.exists()
        return tuple(path for path in paths if is_own or path.exists())
