"""The VecMap family on plain arrays, written from its papers; of this project it needs only `core`.

>>> from align.vecmap import align_matrices, preset_settings
>>> alignment = align_matrices(source, target, preset_settings("unsupervised"), seed=0)
>>> shared_source = alignment.source.apply(source)
"""

from align.vecmap.alignment import Alignment, align_matrices
from align.vecmap.presets import PRESETS, VecMapSettings, preset_settings

__all__ = ["PRESETS", "Alignment", "VecMapSettings", "align_matrices", "preset_settings"]
