"""The methods that ``--method`` chooses among."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from x2static.distill.learning.workshop import Workshop
from x2static.distill.methods.contexts import distill_contexts
from x2static.distill.methods.means import distill_aggregate, distill_decontextual

METHODS: dict[str, Callable[[Workshop], NDArray[np.float32]]] = {
    "x2static": distill_contexts,
    "aggregate": distill_aggregate,
    "decontextual": distill_decontextual,
}
