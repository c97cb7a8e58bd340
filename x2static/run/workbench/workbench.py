"""The workbench file as data: languages, settings, evaluations; all of it checked."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from x2static.commands import evaluations
from x2static.core.config import closest, shown
from x2static.core.languages.language import check_code
from x2static.run.workbench.language import LanguageReader, WorkbenchLanguage
from x2static.run.workbench.layers import check_layers
from x2static.run.workbench.names import note_unknown
from x2static.run.workbench.needs import Needs, read_needs
from x2static.run.workbench.patterns import HUB_DATASET, NO_URL, Place, is_url, looks_like_a_path
from x2static.run.workbench.problems import Problems
from x2static.run.workbench.settings import commands, typed_table
from x2static.run.workbench.toml_text import read_toml

_KNOWN = (
    "output", "store", "teacher", "hub", "languages", "corpora", "lexicons", "evaluate", "needs",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """A workbench file.

    Attributes:
        file: where it lies.
        output: the run's folder, absolute.
        store: address of the place through which machines share it, or nothing.
        teacher: folder or name on the hub.
        hub: the language whose space the others are brought into.
        languages: by code, the hub first.
        tables: settings of the stages, typed.
        pretrain: settings of the pre-training, None without it.
        processes: that train together.
        needs: what the tasks of a stage need of a machine.
    """

    file: Path
    output: Path
    store: str
    teacher: str
    hub: str
    languages: Mapping[str, WorkbenchLanguage]
    tables: Mapping[str, Mapping[str, Any]]
    pretrain: Mapping[str, Any] | None
    processes: int
    needs: Mapping[str, Needs]

    @property
    def place(self) -> Place:
        """Where relative paths start."""
        return Place(self.file.parent)


def read_workbench(file: Path, problems: Problems) -> Workbench | None:
    """The file's content; None if there is too little of it to go on, which is noted.

    Raises:
        ConfigError: it is no TOML, or cannot be read.
    """
    content = read_toml(file, problems)
    return _Reader(file.absolute(), content, problems).workbench()


class _Reader:
    """Takes the file's content apart and notes what is wrong with it."""

    def __init__(self, file: Path, content: Mapping[str, Any], problems: Problems) -> None:
        self._file, self._content, self._problems = file, content, problems
        self._place = Place(file.parent)

    def workbench(self) -> Workbench | None:
        known = commands()
        note_unknown("", self._content, (*_KNOWN, *known), self._problems)
        output, store, teacher = self._text("output"), self._store(), self._teacher()
        tables = {
            name: typed_table(name, self._content[name], f"[{name}]", self._problems)
            for name in known
            if name in self._content and name != "pretrain"
        }
        pretrain, processes = self._pretrain()
        entries = self._entries()
        hub = self._hub(entries)
        needs = read_needs(self._content.get("needs", {}), self._problems)
        learns = tables.get("align", {}).get("seeds", "lexicon") == "lexicon"
        reader = LanguageReader(self._content, self._place, hub or "", learns, self._problems)
        codes = sorted(entries, key=lambda code: code != hub)  # the hub first
        languages = {code: reader.read(code, entries[code]) for code in codes}
        reader.finish()
        if output is not None:
            self._check_corpora(self._place.path(output), languages)
        if teacher is not None:
            measured = [
                one
                for name, one in evaluations().items()
                if any(language.tests.get(name) for language in languages.values())
            ]
            check_layers(teacher, tables, measured, self._problems)
        if not entries or hub is None or teacher is None or output is None:
            return None
        return Workbench(
            file=self._file, output=self._place.path(output), store=store,
            teacher=teacher, hub=hub, languages=languages, tables=tables, pretrain=pretrain,
            processes=processes, needs=needs,
        )  # fmt: skip

    def _text(self, key: str, *, required: bool = True) -> str | None:
        value = self._content.get(key)
        if value is None:
            if required:
                self._problems.add("", f"'{key}' is missing")
            return None
        if not isinstance(value, str) or not value.strip():
            self._problems.add(key, f"expected a text in quotes, found {shown(value)}")
            return None
        if is_url(value) and key != "store":
            self._problems.add(key, f"{value}: {NO_URL}")
            return None
        return value

    def _store(self) -> str:
        url = self._text("store", required=False) or ""
        if url and not is_url(url):
            self._problems.add("store", f"{url}: give an address, such as s3://BUCKET/RUN")
        elif url.startswith("memory:"):
            self._problems.add("store", f"{url}: no other process sees what lies in memory")
        return url

    def _check_corpora(self, output: Path, languages: Mapping[str, WorkbenchLanguage]) -> None:
        """A corpus among the outputs would be replaced by them, or grow with every run."""
        folder = Path(os.path.realpath(output))
        for code, language in languages.items():
            corpus = Path(os.path.realpath(language.corpus)) if language.corpus else None
            if corpus is None or language.corpus.startswith(HUB_DATASET):
                continue
            if folder in (corpus, *corpus.parents) or corpus in folder.parents:
                self._problems.add(
                    f"languages.{code}",
                    f"corpus {language.corpus} and the output {output} lie in one another; "
                    "choose another 'output'",
                )

    def _teacher(self) -> str | None:
        text = self._text("teacher")
        if text is None:
            return None
        found = self._place.model(text)
        self._check_model("teacher", found)
        return found

    def _check_model(self, place: str, model: str) -> None:
        if Path(model).is_dir():
            if not (Path(model) / "config.json").is_file():
                self._problems.add(place, f"{model} has no config.json; is it a model's folder?")
        elif looks_like_a_path(model):
            self._problems.add(place, f"no folder {self._place.path(model)}")

    def _pretrain(self) -> tuple[Mapping[str, Any] | None, int]:
        given = self._content.get("pretrain")
        if given is None:
            return None, 1
        given = dict(given) if isinstance(given, dict) else given
        processes = given.pop("processes", 1) if isinstance(given, dict) else 1
        if type(processes) is not int or processes < 1:
            self._problems.add("[pretrain]", f"processes must be 1 or more, got {shown(processes)}")
            processes = 1
        typed = typed_table("pretrain", given, "[pretrain]", self._problems)
        for name in ("model", "tokenizer"):
            if typed.get(name):
                typed[name] = self._place.model(typed[name])
                self._check_model(f"[pretrain] {name}", typed[name])
        for name in ("text", "embeddings_from"):
            if typed.get(name):
                typed[name] = tuple(self._place.source(text) for text in typed[name])
        return typed, processes

    def _entries(self) -> dict[str, Any]:
        """What is said of each language, a list of codes being the shortest form."""
        given = self._content.get("languages")
        if given is None:
            self._problems.add("", "'languages' is missing: a table of LANGUAGE = \"raw text\"")
            return {}
        if isinstance(given, list) and all(isinstance(code, str) for code in given):
            pairs: Iterable[tuple[str, Any]] = [(code, {}) for code in given]
        elif isinstance(given, dict):
            pairs = given.items()
        else:
            self._problems.add(
                "languages", f"expected a table or a list of codes, found {shown(given)}"
            )
            return {}
        entries: dict[str, Any] = {}
        for code, entry in pairs:
            with self._problems.catching("languages"):
                check_code(code)
            if code.lower() in map(str.lower, entries):
                self._problems.add("languages", f"'{code}' is listed twice")
            entries.setdefault(code, entry)
        if not entries:
            self._problems.add("languages", "there is none")
        return entries

    def _hub(self, entries: Mapping[str, Any]) -> str | None:
        hub = self._text("hub", required=len(entries) > 1)
        if hub is None:
            return next(iter(entries)) if len(entries) == 1 else None
        if entries and hub not in entries:
            self._problems.add("hub", f"'{hub}' is not under [languages]{closest(hub, entries)}")
            return None
        return hub
