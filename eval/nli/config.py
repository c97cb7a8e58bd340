"""Settings of ``x2static eval nli``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from eval.downstream.config import DownstreamConfig
from eval.downstream.training_files import as_typed, named
from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import check_language_name
from x2static.core.setting import Help, place


@dataclass(frozen=True, kw_only=True)
class NliConfig(DownstreamConfig):
    """Fine-tune on pairs of sentences in one language, or in each of several, and test in others.

    Data: XNLI or PAWS-X, a line `first TAB second TAB label`, plain or .gz, with or without a line
    of column names. With --sources, {} in --train stands for the language, and the result is a
    matrix of sources and targets.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static eval nli --model xlm-roberta-base "
            "--train en.tsv --test 'xnli.*.tsv' --seeds 3"
        ),
        inputs="dev",
        rare="seed warmup weight_decay max_pieces freeze batch_pieces max_test",
    )

    learning_rate: Annotated[float, "peak of the learning rate"] = 2e-5
    epochs: Annotated[int, "passes over the training data"] = 5
    labels: Annotated[
        Path | None, place("labels of test files that have none, a line for each pair")
    ] = None
    sources: Annotated[tuple[str, ...], "fine-tune on each of these languages by itself"] = ()
    groups: Annotated[
        Path | None,
        place(
            "groups.json of languages cluster: fine-tune on the pivot of each group, test on its "
            "members"
        ),
    ] = None

    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "xtreme": {},
        "small": {"learning_rate": 2e-4, "epochs": 5, "warmup": 50},
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for source in self.sources:
            check_language_name(source, "--sources")
        if len(set(self.sources)) < len(self.sources):
            raise ConfigError("--sources names a language twice")
        if self.sources and self.groups:
            raise ConfigError("--groups brings the languages that --sources would name; give one")
        if self.sources or self.groups:
            self._check_template("--sources" if self.sources else "--groups")
        if (self.sources or self.groups) and self.dev and "{}" not in str(self.dev):
            raise ConfigError(f"--dev {self.dev}: no {{}} for the language in it")

    def _check_template(self, flag: str) -> None:
        given = as_typed(self.train)
        if named(given[0])[0] is not None:
            raise ConfigError(
                f"--train {' '.join(given)}: {flag} learns from one language at a time; give one "
                "FILE with {} for the language"
            )
        if "{}" not in given[0]:
            raise ConfigError(f"--train {given[0]}: {flag} needs {{}} for the language in it")
