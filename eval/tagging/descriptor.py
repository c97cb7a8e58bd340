"""What the report knows of `x2static eval tagging`."""

from __future__ import annotations

from x2static.core.evaluation import Evaluation, FineTuned

DESCRIPTOR = Evaluation(
    name="tagging",
    view=FineTuned(metrics={"f1": "F1", "accuracy": "accuracy"}, items="sentences"),
)
