"""Whether an alignment was rejected, by its run record: the vectors stayed as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# `align hub` and `align` name their held-out scores differently.
_SCORES = (("held_back", "held_back_unaligned"), ("validation", "validation_unaligned"))


def rejection(record: Mapping[str, Any]) -> str | None:
    """Why the vectors were written unaligned; None where they were aligned or nothing tells.

    Args:
        record: the run record of aligned vectors; whatever it holds, nothing is raised.
    """
    result = record.get("result")
    if not isinstance(result, dict) or result.get("aligned") is not False:
        return None
    for mapped, before in _SCORES:
        scores = [_csls(result.get(name)) for name in (mapped, before)]
        if None not in scores:
            shown = " mapped, ".join(f"{100 * score:.2f}" for score in scores if score is not None)
            return f"alignment rejected (held-out CSLS P@1 {shown} as they are): written unaligned"
    return "alignment rejected: written unaligned"


def _csls(score: Any) -> float | None:
    value = score.get("csls") if isinstance(score, dict) else None
    return float(value) if isinstance(value, (int, float)) else None
