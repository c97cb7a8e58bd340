"""What the report knows of `x2static eval nli`."""

from __future__ import annotations

from x2static.core.evaluation import Evaluation, FineTuned

DESCRIPTOR = Evaluation(name="nli", view=FineTuned(metrics={"accuracy": "accuracy"}, items="pairs"))
