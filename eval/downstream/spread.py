"""Mean and spread over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """Scores of several seeds.

    Attributes:
        values: one score a seed.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Their mean."""
        return math.fsum(self.values) / len(self.values)

    @property
    def deviation(self) -> float | None:
        """Their standard deviation as a sample (n - 1); None of a single one."""
        if len(self.values) < 2:
            return None
        squares = math.fsum((value - self.mean) ** 2 for value in self.values)
        return math.sqrt(squares / (len(self.values) - 1))

    def shown(self) -> str:
        """``70.51 ±0.32``, in percent."""
        if self.deviation is None:
            return f"{100 * self.mean:.2f}"
        return f"{100 * self.mean:.2f} ±{100 * self.deviation:.2f}"

    def as_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {"mean": self.mean, "sd": self.deviation, "values": list(self.values)}


def average(rows: Sequence[Spread]) -> Spread:
    """The mean over rows (languages), seed by seed, so that its spread is that of the mean."""
    columns = zip(*(row.values for row in rows), strict=True)
    return Spread(tuple(math.fsum(column) / len(rows) for column in columns))


def difference(one: Spread, other: Spread) -> Spread:
    """How much larger ``one`` is, seed by seed."""
    return Spread(tuple(a - b for a, b in zip(one.values, other.values, strict=True)))
