"""Training curves from ``curve.jsonl``: figures over updates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from x2static.core.storage.files import describe_os_error
from x2static.report.read.run_folder import RunFolder, Table, number, parsed, table

_MOST_POINTS = 400
TITLES = {
    "mlm": "Masked language modelling, loss",
    "tlm": "Translation language modelling, loss",
    "mrtd": "Replaced pieces told apart in text, loss",
    "mrtd_generator": "The generator's guesses in text, loss",
    "trtd": "Replaced pieces told apart in sentence pairs, loss",
    "trtd_generator": "The generator's guesses in sentence pairs, loss",
    "sentences": "Sentence vectors, loss",
    "sentences_found": "Held-out sentences whose translation is nearest, share",
    "alignment": "Alignment loss",
    "gradient_norm": "Length of the gradient",
    "learning_rate": "Learning rate",
    "pieces_per_second": "Pieces per second",
}
_NO_LOSSES = {"above_chance", "chance"}  # shown beside the loss they belong to

Points = list[tuple[float, float]]


def title_of(name: str) -> str:
    """What a figure is called: objectives that this page does not know go by their own names."""
    return TITLES.get(name, f"{name}, loss")


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: its key in the file.
        training: (update, value), thinned out to some hundred of the true points.
        validation: the same on held-out data.
        total: points of the training curve in the file.
    """

    name: str
    training: Points
    validation: Points
    total: int


def read_curves(run: RunFolder, place: Path) -> list[Figure]:
    """The figures of a file that were measured at least twice; what cannot be read is noted.

    The last line may be cut off: the training may be at it.
    """
    rows = list(_rows(run, place))
    names = [*TITLES, *_further_losses(rows)]
    training: dict[str, Points] = {name: [] for name in names}
    validation: dict[str, Points] = {name: [] for name in names}
    for row in rows:
        step = number(row, "step")
        if step is not None:
            _add(training, step, row)
            _add(validation, step, table(row.get("validation")))
    return [
        Figure(name, _thinned(training[name]), validation[name], len(training[name]))
        for name in names
        if len(training[name]) > 1 or len(validation[name]) > 1
    ]


def _further_losses(rows: list[Table]) -> list[str]:
    """Losses of other objectives: what is measured in training and in validation alike."""
    trained = {name for row in rows for name in row if number(row, name) is not None}
    held = [table(row.get("validation")) for row in rows]
    measured = {name for row in held for name in row if number(row, name) is not None}
    return sorted((trained & measured) - set(TITLES) - _NO_LOSSES)


def _rows(run: RunFolder, place: Path) -> Iterator[Table]:
    name = place.relative_to(run.root)
    try:
        lines = place.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        run.problems.append(describe_os_error(name, error))
        return
    bad = []
    for row, line in enumerate(lines, 1):
        try:
            yield table(parsed(line or "{}"))
        except (ValueError, RecursionError):
            bad += [row] if row < len(lines) else []
    if bad:
        run.problems.append(f"{name}:{bad[0]}: not readable as JSON; such lines: {len(bad)}")


def _add(series: dict[str, Points], step: float, row: Table) -> None:
    for name, points in series.items():
        value = number(row, name)
        if value is not None:
            points.append((step, value))


def _thinned(points: Points) -> Points:
    if len(points) <= _MOST_POINTS:
        return points
    last = len(points) - 1
    return [points[round(place * last / (_MOST_POINTS - 1))] for place in range(_MOST_POINTS)]
