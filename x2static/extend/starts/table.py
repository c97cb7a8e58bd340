"""Every rule by its name in ``--init``."""

from __future__ import annotations

from collections.abc import Callable

from x2static.extend.starts.aligned import aligned_start
from x2static.extend.starts.focus import focus_start
from x2static.extend.starts.mixture import Mixture
from x2static.extend.starts.plain import overlap_start, random_start, script_start
from x2static.extend.starts.problem import StartProblem
from x2static.extend.starts.wechsel import wechsel_start

STARTS: dict[str, Callable[[StartProblem], Mixture]] = {
    "random": random_start,
    "overlap": overlap_start,
    "script": script_start,
    "focus": focus_start,
    "wechsel": wechsel_start,
    "aligned": aligned_start,
}
