"""Values that settings of several alignment commands may have."""

from __future__ import annotations

from typing import Literal

Choice = Literal["aligned", "auto"]
OutputFormat = Literal["auto", "safetensors", "word2vec", "word2vec-binary"]
