"""The tasks of a workbench and what each waits for.

    prepare ─► distill ─┬─► evaluations of vectors
             │          └─► align (after the hub's distill) ─┬─► evaluations of aligned, export
             │                                               └─► pretrain ─► those of the model
             └─► represent ─┬─► cluster
                            └─► distance ─► analyse
    evaluations of the teacher

A language with ``extend`` is added to the teacher before its ``distill``, which then reads that.
The hub's ``align`` copies its vectors, untouched; so does that of a language with
``align = false``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from x2static.commands import evaluations
from x2static.core.errors import WorkbenchError
from x2static.core.evaluation import Evaluation, Moment, Of, Subject
from x2static.core.lexicons.cldr import names_cldr
from x2static.run.plan.language_tasks import language_stages
from x2static.run.workbench.language import WorkbenchLanguage
from x2static.run.workbench.needs import NO_NEEDS, Needs, stages
from x2static.run.workbench.patterns import HUB_DATASET, files_of, folder_of
from x2static.run.workbench.problems import Problems
from x2static.run.workbench.settings import checked_config, with_keys
from x2static.run.workbench.workbench import Workbench

ALL = "*"
"""The language of a task over all languages."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One command for one language (or all of them).

    Attributes:
        language: code, or ``*``.
        stage: such as ``distill``.
        table: whose settings it has; see `settings.commands`.
        typed: what its command line says.
        config: the same, complete and checked.
        inputs: files and folders that decide its result: absolute, or relative to the run's folder.
        outputs: what it makes, relative to the run's folder.
        json: the output that holds the result as JSON, or nothing.
        waits_for: tasks whose outputs it reads, by name.
        processes: how many train together.
        needs: what it asks of a machine.
        skipped: why there is nothing to do, or nothing.
    """

    language: str
    stage: str
    table: str = ""
    typed: Mapping[str, Any] = field(default_factory=dict)
    config: Any = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    json: str = ""
    waits_for: tuple[str, ...] = ()
    processes: int = 1
    needs: Needs = NO_NEEDS
    skipped: str = ""

    @property
    def name(self) -> str:
        """``de/distill``."""
        return f"{self.language}/{self.stage}"

    @property
    def log(self) -> str:
        """Where its output goes, relative to the run's folder."""
        return f"logs/{'all' if self.language == ALL else self.language}.{self.stage}.log"


def build_graph(workbench: Workbench, problems: Problems) -> dict[str, Task]:
    """All tasks by name, each after those it waits for; impossible settings are noted."""
    tasks = _Builder(workbench, problems).tasks()
    order = {stage: number for number, stage in enumerate(stages())}
    return {task.name: task for task in sorted(tasks, key=lambda task: order[task.stage])}


class _Builder:
    """Makes the tasks of each language, then those over all."""

    def __init__(self, workbench: Workbench, problems: Problems) -> None:
        self._bench, self._problems = workbench, problems
        self._failing: dict[tuple[str, str], list[str]] = {}

    def tasks(self) -> list[Task]:
        tasks = []
        for language in self._bench.languages.values():
            if language.is_added:
                tasks.append(self._extend(language))
            tasks += [
                self._prepare(language),
                self._distill(language),
                self._align(language),
                self._export(language),
                *self._evaluations(language),
            ]
        tasks += self._languages()
        if self._bench.pretrain is not None:
            tasks.append(self._pretrain(self._bench.pretrain))
        for (table, message), codes in self._failing.items():
            everywhere = len(codes) in (1, len(self._bench.languages)) and table not in codes
            which = "" if everywhere and len(codes) > 1 else f" ({', '.join(codes)})"
            self._problems.add(f"[{table}]{which}", message)
        return tasks

    def _task(
        self, language: str, stage: str, table: str, own: Mapping[str, Any], **more: Any
    ) -> Task:
        """A task with its settings: the run's own beside those of the file."""
        code = "" if language == ALL else language
        given = dict(self._bench.tables.get(table, {}))
        if code:
            given |= self._bench.languages[code].tables.get(table, {})
        if table == "pretrain":
            given = dict(self._bench.pretrain or {})
        given = {name: self._bench.place.value(value, code) for name, value in given.items()}
        inputs = [*more.pop("inputs", ()), *self._files(table, code, given)]
        typed = {**given, **own}
        config = None
        try:
            config = checked_config(table, typed)
        except WorkbenchError as error:
            message = with_keys(str(error), table)
            self._failing.setdefault((table, message), []).append(language)
        return Task(
            language=language, stage=stage, table=table, typed=typed, config=config,
            inputs=tuple(inputs), needs=self._bench.needs.get(stage, NO_NEEDS), **more,
        )  # fmt: skip

    def _files(self, table: str, code: str, given: Mapping[str, Any]) -> list[str]:
        """The files that settings name; those that are missing are noted."""
        found = []
        for name, value in given.items():
            for path in value if isinstance(value, tuple) else (value,):
                if not isinstance(path, Path) or name == "cache_folder":
                    continue
                found.append(str(path))
                if not path.exists():
                    where = f"[{table}]" + (f" ({code})" if code else "")
                    self._problems.add(where, f"{name} {path}: no such file")
        return found

    def _prepare(self, language: WorkbenchLanguage) -> Task:
        output = f"sentences/{language.code}.txt"
        is_file = not language.corpus.startswith(HUB_DATASET)
        own = {"language": language.code, "input": language.corpus, "output": Path(output)}
        return self._task(
            language.code, "prepare", "prepare", {**own, "overwrite": True}, outputs=(output,),
            inputs=(language.corpus,) if is_file else (),
        )  # fmt: skip

    def _extend(self, language: WorkbenchLanguage) -> Task:
        code, teacher = language.code, self._bench.teacher
        corpus, output = f"sentences/{code}.txt", f"extended/{code}"
        own = {"model": teacher, "language": code, "text": (Path(corpus),), "output": Path(output)}
        return self._task(
            code, "extend", "extend", {**own, "resume": True}, outputs=(output,),
            inputs=(corpus, *folder_of(teacher)), waits_for=(f"{code}/prepare",),
        )  # fmt: skip

    def _distill(self, language: WorkbenchLanguage) -> Task:
        code, teacher, before = language.code, self._bench.teacher, "prepare"
        corpus, output = f"sentences/{code}.txt", f"vectors/{code}"
        read = folder_of(teacher)
        if language.is_added:
            teacher = f"extended/{code}"
            read, before = [teacher], "extend"
        own = {"corpus": Path(corpus), "output": Path(output), "teacher": teacher, "resume": True}
        return self._task(
            code, "distill", "distill", own, outputs=(output,), inputs=(corpus, *read),
            waits_for=(f"{code}/{before}",),
        )  # fmt: skip

    def _align(self, language: WorkbenchLanguage) -> Task:
        code, hub = language.code, self._bench.hub
        output = f"aligned/{code}"
        if code == hub or not language.is_aligned:
            own: dict[str, Any] = {
                "vectors": Path(f"vectors/{code}"), "format": "safetensors", "overwrite": True,
                "output": Path(output),
            }  # fmt: skip
            return Task(
                language=code, stage="align", table="export", typed=own,
                config=checked_config("export", own), inputs=(f"vectors/{code}",),
                outputs=(output,), waits_for=(f"{code}/distill",),
                needs=self._bench.needs.get("align", NO_NEEDS),
            )  # fmt: skip
        lexicon = str(language.lexicon) if language.lexicon else ""
        files = [lexicon] if lexicon and not names_cldr(language.lexicon) else []
        own = {
            "hub": f"{hub}=vectors/{hub}", "spokes": (f"{code}=vectors/{code}",),
            "output": Path("aligned"), "lexicons": lexicon, "resume": True, "overwrite": True,
        }  # fmt: skip
        return self._task(
            code, "align", "align", own, outputs=(output, f"aligned/{code}.map.safetensors"),
            inputs=(f"vectors/{code}", f"vectors/{hub}", *files),
            waits_for=(f"{code}/distill", f"{hub}/distill"),
        )  # fmt: skip

    def _export(self, language: WorkbenchLanguage) -> Task:
        vectors, output = f"aligned/{language.code}", f"export/{language.code}.vec"
        own = {
            "vectors": Path(vectors), "format": "word2vec", "output": Path(output),
            "overwrite": True,
        }  # fmt: skip
        return self._task(
            language.code, "export", "export", own, outputs=(output,), inputs=(vectors,),
            waits_for=(f"{language.code}/align",),
        )  # fmt: skip

    def _evaluations(self, language: WorkbenchLanguage) -> Iterator[Task]:
        for one in evaluations().values():
            for moment in one.pipeline.moments if one.pipeline else ():
                if moment.of != "model" or self._bench.pretrain is not None:
                    yield self._evaluation(language, one, moment)

    def _evaluation(self, language: WorkbenchLanguage, one: Evaluation, moment: Moment) -> Task:
        code, stage, pipeline = language.code, one.stage(moment), one.pipeline
        files = language.tests.get(one.name, ())
        if pipeline is None or not files:
            is_never = pipeline is not None and pipeline.hub != "always" and code == self._bench.hub
            why = "the hub" if is_never else f"no {pipeline.called if pipeline else 'files'}"
            return Task(language=code, stage=stage, skipped=why)
        subject, made, waits_for = self._measured(code, moment.of, with_hub=pipeline.with_hub)
        output = f"scores/{stage}/{code}.json"
        return self._task(
            code, stage, one.table, pipeline.settings(subject, files), outputs=(output,),
            json=output, inputs=(*made, *map(str, files)), waits_for=waits_for,
        )  # fmt: skip

    def _measured(
        self, code: str, of: Of, *, with_hub: bool
    ) -> tuple[Subject, tuple[str, ...], tuple[str, ...]]:
        """What an evaluation measures, the paths that this is, the tasks that make them."""
        if of == "model":
            return Subject(model="model"), ("model",), (f"{ALL}/pretrain",)
        if of == "teacher":
            model = str((self._bench.pretrain or {}).get("model", self._bench.teacher))
            return Subject(model=model), tuple(folder_of(model)), ()
        stage = "distill" if of == "vectors" else "align"
        codes = (code, self._bench.hub) if with_hub else (code,)
        made = tuple(f"{of}/{name}" for name in codes)
        waits_for = tuple(f"{name}/{stage}" for name in codes)
        return Subject(made[0], made[1] if with_hub else ""), made, waits_for

    def _languages(self) -> Iterator[Task]:
        """Those over all languages, whose means, groups and distances they are."""
        codes = list(self._bench.languages)
        for one in language_stages(codes, self._bench.teacher, self._bench.tables):
            if one.skipped:
                yield Task(language=ALL, stage=one.stage, skipped=one.skipped)
                continue
            before = [f"{ALL}/{stage}" for stage in one.waits_for]
            model = folder_of(self._bench.teacher) if one.stage == "represent" else []
            yield self._task(
                ALL, one.stage, one.stage, one.own, outputs=(one.output,),
                inputs=(*one.inputs, *model),
                waits_for=tuple(before or [f"{code}/prepare" for code in codes]),
            )  # fmt: skip

    def _pretrain(self, given: Mapping[str, Any]) -> Task:
        codes = list(self._bench.languages)
        text = given.get("text") or tuple(f"{code}=sentences/{code}.txt" for code in codes)
        model = str(given.get("model", self._bench.teacher))
        own: dict[str, Any] = {
            "text": text, "output": Path("model"), "resume": True, "model": model,
            "vectors": tuple(f"{code}=aligned/{code}" for code in codes),
        }  # fmt: skip
        if given.get("loss") == "none":
            own["vectors"] = ()
        inputs = [f"sentences/{code}.txt" for code in codes]
        if given.get("text"):
            inputs = self._given_text(text)
        inputs += [f"aligned/{code}" for code in codes if own["vectors"]]
        inputs += [*folder_of(model), *folder_of(given.get("tokenizer") or "")]
        stage = "align" if own["vectors"] else "prepare"
        return self._task(
            ALL, "pretrain", "pretrain", own, outputs=("model",), inputs=tuple(inputs),
            waits_for=tuple(f"{code}/{stage}" for code in codes),
            processes=self._bench.processes,
        )  # fmt: skip

    def _given_text(self, sources: tuple[str, ...]) -> list[str]:
        found = []
        for source in sources:
            files = files_of(source)
            if not files:
                self._problems.add("[pretrain] text", f"{source}: no such file")
            found += files
        return found
