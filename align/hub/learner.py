"""One spoke's map, learned in the way that the settings ask for, and judged."""

from __future__ import annotations

from dataclasses import replace

from align.hub.config import HubConfig
from align.hub.verdict import Verdict, on_folds, on_validation, verdict_of
from align.methods.table import HUB_METHODS
from align.problem import Problem, Resources, silent
from align.seeds import few_pairs
from align.vecmap.alignment import Alignment
from x2static.core.machine.device import device_type
from x2static.core.progress import Progress

AGREEMENT_RUNS = 2


class HubLearner:
    """Learns one spoke's map."""

    def __init__(self, config: HubConfig, name: str, problem: Problem) -> None:
        """Choose the method.

        Args:
            config: of the command.
            name: of the spoke.
            problem: spoke and hub.
        """
        self._config, self._name, self._problem = config, name, problem
        self._device = device_type(config.device)
        self._method = HUB_METHODS[config.method_in_use]

    def doubt(self) -> str | None:
        """A warning where a method that cannot lean on anything has few pairs."""
        problem = self._problem
        is_whole = self._method.fits_whole_matrix(problem.settings)
        if problem.pairs is None or self._config.learns or not is_whole:
            return None
        return few_pairs(problem.pairs, problem.width)

    def learn(self, problem: Problem | None = None) -> Alignment:
        """The alignment in the hub's own space; another problem is a trial, and silent."""
        is_trial = problem is not None
        with Progress(self._label(), None, "steps") as progress:
            resources = Resources(
                self._device,
                self._config.threads or None,
                silent if is_trial else lambda text: progress.say(self._named(text)),
                lambda done: progress.advance(1, done),
                lambda turn: progress.advance(1, f"objective {100 * turn.objective:.4f}"),
            )
            return self._method.learn((problem or self._problem).to_learn_from(), resources)

    def _label(self) -> str:
        """The spoke, and how many there are: ``de (2 of 4)``."""
        names = [self._config.named(text)[0] for text in self._config.spokes]
        return f"{self._name} ({names.index(self._name) + 1} of {len(names)})"

    def _named(self, text: str) -> str:
        """Each line behind the spoke's name."""
        return "\n".join(f"{self._name}: {line}" for line in text.split("\n"))

    def judge(self, found: Alignment) -> Verdict | None:
        """Held-out pairs on the map; None where there are none, or nobody asked."""
        problem, config = self._problem, self._config
        if problem.held_out is not None:
            return on_validation(found.source, *problem.matrices, problem.held_out)
        if config.choice == "aligned" or problem.pairs is None or config.learns:
            return None
        if self._method.holds_pairs_out:
            return verdict_of(found.notes["tuning"])
        return on_folds(
            lambda learned: self.learn(replace(problem, pairs=learned)).source,
            *problem.matrices,
            problem.pairs,
        )
