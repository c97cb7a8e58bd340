"""What the report knows of `x2static eval qa`."""

from __future__ import annotations

from x2static.core.evaluation import Evaluation, FineTuned

DESCRIPTOR = Evaluation(
    name="qa",
    view=FineTuned(metrics={"f1": "F1", "exact_match": "exact match"}, items="questions"),
)
