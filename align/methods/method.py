"""What every method says of itself: how it learns, what it refuses, what its results are worth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from align.problem import Problem, Resources
from align.vecmap.alignment import Alignment
from align.vecmap.induce.arrays import AlignmentError
from align.vecmap.pairs import PairRows
from x2static.core.errors import ConfigError


class Method(ABC):
    """A way from pairs to one map per side.

    Attributes:
        name: as in ``--method``.
        fixed: settings that the method does not look at, with the only value they may have.
        refusal: why, to follow the setting's flag in an error line.
        adds_pairs: whether it extends the dictionary by itself, so that a tiny one proves nothing.
        learns_without_pairs: whether it finds a start by itself where nobody gives it one.
        holds_pairs_out: whether it scores itself on pairs that it held out; its alignment's notes
            then have ``tuning``, with the score as ``held_back``, None where it held out none.
        whole_matrix: whether fewer pairs than dimensions leave much of its map to chance; None:
            where the map is orthogonal.
    """

    name: str
    fixed: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    refusal: ClassVar[str] = ""
    adds_pairs: ClassVar[bool] = False
    learns_without_pairs: ClassVar[bool] = False
    holds_pairs_out: ClassVar[bool] = False
    whole_matrix: ClassVar[bool | None] = None

    @abstractmethod
    def learn(self, problem: Problem, resources: Resources) -> Alignment:
        """Learn one map per side."""

    def check(self, settings: Any) -> None:
        """Raise `ConfigError` for a setting that the method would not look at.

        Args:
            settings: any object with the settings as attributes, such as `AlignConfig`.
        """
        for name, only in self.fixed.items():
            if getattr(settings, name) != only:
                flag = "--" + name.replace("_", "-")
                raise ConfigError(f"{flag} {self.refusal}: leave it out, or choose another preset")

    def fits_whole_matrix(self, settings: Any) -> bool:
        """Whether fewer pairs than dimensions leave much of the map to chance."""
        return settings.mapping == "orthogonal" if self.whole_matrix is None else self.whole_matrix

    def required_pairs(self, problem: Problem) -> PairRows:
        """The pairs to learn from; raises `AlignmentError` where there are none."""
        if problem.pairs is None:
            raise AlignmentError(
                f"{self.name} learns from pairs: give a dictionary, or --seeds identical"
            )
        return problem.pairs
