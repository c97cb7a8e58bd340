"""Method ``vecmap``: the map that the settings ask for, with or without self-learning."""

from __future__ import annotations

from align.methods.method import Method
from align.problem import Problem, Resources
from align.vecmap.alignment import Alignment, align_matrices


class VecMap(Method):
    """The VecMap family: orthogonal, multi-step or unconstrained maps, learned once or again."""

    name = "vecmap"

    def learn(self, problem: Problem, resources: Resources) -> Alignment:
        """Learn from the pairs, or from those that self-learning finds."""
        return align_matrices(
            *problem.matrices, problem.settings, problem.pairs, seed=problem.seed,
            restarts=problem.restarts, accept_failure=problem.accept_failure,
            agreement_runs=problem.agreement_runs, device=resources.device,
            threads=resources.threads, keeper=resources.keeper, report=resources.report,
        )  # fmt: skip
