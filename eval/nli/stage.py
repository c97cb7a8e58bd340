"""``x2static eval nli``: fine-tune on pairs of sentences, in one language or in each of several."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.downstream.evaluation import evaluate
from eval.downstream.evaluation_sets import find_sets
from eval.downstream.training_files import as_typed
from eval.nli.config import NliConfig
from eval.nli.task import NliTask
from x2static.core.errors import ConfigError, DatasetError
from x2static.core.languages.language_name import check_language_name
from x2static.core.outcome import Outcome
from x2static.core.storage.files import describe_os_error
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord


def nli(config: NliConfig) -> Outcome:
    """Run ``x2static eval nli``."""
    if not config.sources and config.groups is None:
        return evaluate(NliTask(config), config)
    courses = [(source, ()) for source in config.sources] or _pivots(config)
    parts = [_alone(config, source, members) for source, members in courses]
    inputs = [path for one in parts for path in one.training.values()]
    outputs = Outputs("eval nli", inputs=inputs)
    if config.markdown is not None:
        outputs.claim(
            config.markdown, "--markdown", is_folder=False, renews=True, remedy="remove it yourself"
        )
    record = RunRecord("eval nli", config, inputs)
    for one in parts:
        NliTask(one)  # every fault in any file shows before the first fine-tuning
    rows: list[dict[str, Any]] = []
    warnings: list[str] = []
    for one in parts:
        found = evaluate(NliTask(one), one).data
        rows += [{"source": one.train_language, **row} for row in found["rows"]]
        warnings += [line for line in found["warnings"] if line not in warnings]
    matrices = _matrices(rows)
    data = {
        "rows": rows,
        "averages": _averages(rows),
        "warnings": warnings,
        "run": record.as_dict(),
    }
    if config.markdown is not None:
        with outputs.together() as batch:
            with batch.stage(config.markdown) as temporary:
                temporary.write_text(_markdown(matrices), encoding="utf-8")
            batch.record(record, config.markdown)
    return Outcome("\n\n".join(_text(*one) for one in matrices.items()), data)


def _alone(config: NliConfig, source: str, members: Sequence[str]) -> NliConfig:
    """The settings of one source language."""

    def filled(path: Path | None) -> Path | None:
        return None if path is None else Path(str(path).replace("{}", source))

    return dataclasses.replace(
        config,
        train=tuple(text.replace("{}", source) for text in as_typed(config.train)),
        dev=filled(config.dev),
        train_language=source,
        sources=(),
        groups=None,
        markdown=None,
        languages=tuple(members) or config.languages,
        output=None if config.output is None else config.output / source,
    )


def _pivots(config: NliConfig) -> list[tuple[str, tuple[str, ...]]]:
    """(pivot, members that have test data) of each group.

    Raises:
        ConfigError: no such file, or none of its languages has test data.
    """
    path = config.groups or Path()
    try:
        groups = json.loads(path.read_text(encoding="utf-8"))["groups"]
        named = [(str(g["pivot"]), [str(code) for code in g["languages"]]) for g in groups]
    except OSError as error:
        raise ConfigError(describe_os_error(path, error)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"--groups {path}: no groups.json of languages cluster") from error
    tested = {one.code for one in find_sets(config.test, config.languages)}
    found = []
    for pivot, members in named:
        check_language_name(pivot, f"--groups {path}")
        some = tuple(code for code in members if code in tested)
        if some:
            found.append((pivot, some))
    if not found:
        raise DatasetError(f"--groups {path}: none of its languages is among the --test files")
    return found


Matrix = dict[tuple[str, str], str]


def _matrices(rows: Sequence[dict[str, Any]]) -> dict[tuple[str, str], Matrix]:
    """Accuracy by model and set, then by source and target."""
    found: dict[tuple[str, str], Matrix] = {}
    for row in rows:
        accuracy = row["accuracy"]
        text = f"{100 * accuracy['mean']:.1f}"
        if accuracy["sd"] is not None:
            text += f" ±{100 * accuracy['sd']:.1f}"
        found.setdefault((row["model"], row["set"]), {})[row["source"], row["language"]] = text
    return found


def _averages(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean over targets other than the source, by model, set and source."""
    found = []
    for key in dict.fromkeys((row["model"], row["set"], row["source"]) for row in rows):
        values = [
            row["accuracy"]["mean"]
            for row in rows
            if (row["model"], row["set"], row["source"]) == key and row["language"] != key[2]
        ]
        if values:
            model, name, source = key
            mean = {"mean": math.fsum(values) / len(values), "sd": None}
            found.append({"model": model, "set": name, "source": source, "over": "zero-shot",
                          "accuracy": mean})  # fmt: skip
    return found


def _text(key: tuple[str, str], matrix: Matrix) -> str:
    """Rows are languages trained on, columns languages tested."""
    lines = _lines(matrix)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    table = ["  ".join(c.rjust(w) for c, w in zip(line, widths, strict=True)) for line in lines]
    head = f"{key[0]}, {key[1]}: accuracy; a row for each language trained on"
    return "\n".join([head, *table])


def _markdown(matrices: dict[tuple[str, str], Matrix]) -> str:
    parts = []
    for (model, name), matrix in matrices.items():
        head, *body = _lines(matrix)
        lines = [f"### {model}, {name}: accuracy, source by target", ""]
        lines += [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
        lines += [f"| {' | '.join(line)} |" for line in body]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _lines(matrix: Matrix) -> list[list[str]]:
    sources, targets = (list(dict.fromkeys(pair[i] for pair in matrix)) for i in (0, 1))
    lines = [["source", *targets]]
    lines += [[s, *(matrix.get((s, target), "-") for target in targets)] for s in sources]
    return lines
