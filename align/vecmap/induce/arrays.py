"""Names for the arrays that the algorithm passes around, and the errors it raises."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import WorkbenchError

FloatMatrix = NDArray[np.float32]
FloatVector = NDArray[np.float32]
WideMatrix = NDArray[np.float64]
WideVector = NDArray[np.float64]
Rows = NDArray[np.int64]


class AlignmentError(WorkbenchError):
    """Vectors or pairs from which no trustworthy map can be learned."""
