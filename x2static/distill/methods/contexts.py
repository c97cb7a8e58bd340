"""X2Static: from the contexts of each word, by the chosen solver."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from x2static.distill.learning.workshop import Workshop
from x2static.distill.methods.closed_form import distill_closed
from x2static.distill.methods.sampled import distill_sampled

Matrix = NDArray[np.float32]


def distill_contexts(shop: Workshop) -> Matrix:
    """X2Static: from the contexts of each word, by the chosen solver."""
    return {"sampled": distill_sampled, "closed": distill_closed}[shop.config.solver](shop)
