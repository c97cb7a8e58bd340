"""What an evaluation says of itself, so that the pipeline can run it and the report draw it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

Of = Literal["vectors", "aligned", "teacher", "model"]
"""What is measured: vectors as distilled or aligned, the teacher, the pre-trained model."""
Kind = Literal["share", "percent", "correlation", "ranks", "coverage", "count"]


class Moment(NamedTuple):
    """A time at which the pipeline measures.

    Attributes:
        of: what is measured then.
        when: ``before`` or ``after`` whatever changes it; nothing where it is measured once.
    """

    of: Of
    when: str = ""


@dataclass(frozen=True)
class Subject:
    """What one run of the evaluation measures; what does not apply is empty.

    Attributes:
        vectors: of the language.
        hub: vectors of the hub in the same space.
        model: a transformer's folder or name.
    """

    vectors: str = ""
    hub: str = ""
    model: str = ""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """How `x2static run` runs an evaluation.

    Attributes:
        moments: when it is run.
        called: noun for its test files, in the singular where there is one: ``dictionary``.
        files: how many of them a language has.
        hub: whether the hub is tested, too: only if it has files of its own under ``asked``.
        with_hub: the vectors of the hub are measured beside those of the language.
        settings: those that the run sets, from what is measured and the test files.
        fixed: names of all settings that a workbench file may not set.
        packages: (module, extra) of what it imports beyond core, by its config.
        way_out: how to do without these packages.
    """

    moments: tuple[Moment, ...]
    called: str
    files: Literal["one", "many", "pair"] = "one"
    hub: Literal["never", "asked", "always"] = "always"
    with_hub: bool = False
    settings: Callable[[Subject, tuple[Path, ...]], Mapping[str, Any]]
    fixed: frozenset[str]
    packages: Callable[[Any], Iterable[tuple[str, str]]] = lambda _config: ()
    way_out: str = ""

    @property
    def reads_model(self) -> bool:
        """Whether it is a transformer that is measured."""
        return any(moment.of in ("teacher", "model") for moment in self.moments)


class Column(NamedTuple):
    """A column of the report's table.

    Attributes:
        title: its head.
        figure: key in a row of the scores.
        kind: how the figure is shown.
        of: key of the number of items that it is a share of, or a correlation over.
    """

    title: str
    figure: str
    kind: Kind
    of: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """How `x2static report` draws an evaluation.

    Attributes:
        section: the name of the section among those that a folder lacks.
        title: its heading.
        note: what the figures mean.
        columns: the main figure first; measured before and after, that one gets both and a change.
        heading: before the words ``before`` and ``after`` of the main column.
        table: the table's name for screen readers.
        tile: what the main figure's mean says, where it stands among the figures at a glance.
        called: the evaluation's name in a warning.
        covered: (key, noun) of the items that bear a score.
        between: what lies between before and after, by the settings of a run; empty: unknown.
        subject: what was measured, by the settings; shown where all of a kind agree.
        subjects: how to begin the sentence about it.
    """

    section: str
    title: str
    note: str
    columns: tuple[Column, ...]
    heading: str = ""
    table: str = ""
    tile: str = ""
    called: str = ""
    covered: tuple[str, str]
    between: Callable[[Mapping[str, Any]], str] = lambda _settings: "alignment"
    subject: Callable[[Mapping[str, Any]], str] = lambda _settings: ""
    subjects: str = ""


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """How the report draws scores of models that were fine-tuned.

    Attributes:
        metrics: titles by key.
        items: key and noun of what a score is over.
    """

    metrics: Mapping[str, str]
    items: str


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """An evaluation: the command `x2static eval NAME`.

    Attributes:
        name: key under ``[evaluate]``, beginning of its stages and folders of scores.
        pipeline: how a run does it; None where it is started by hand alone.
        view: how the report draws it.
    """

    name: str
    pipeline: Pipeline | None = None
    view: View | FineTuned

    @property
    def command(self) -> str:
        """Such as ``eval bli``."""
        return f"eval {self.name}"

    @property
    def table(self) -> str:
        """Of its settings in a workbench file: ``eval_bli``."""
        return f"eval_{self.name}"

    def stage(self, moment: Moment) -> str:
        """Such as ``bli.before``; its scores lie in ``scores/bli.before``."""
        return f"{self.name}.{moment.when}".rstrip(".")

    def stages(self, *subjects: Of) -> list[str]:
        """Those that measure one of these; all of them if none is named."""
        moments = self.pipeline.moments if self.pipeline else ()
        return [self.stage(moment) for moment in moments if not subjects or moment.of in subjects]
