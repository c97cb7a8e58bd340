"""The error of a run whose numbers have blown up, one remedy wherever it shows."""

from __future__ import annotations

from x2static.core.errors import ConfigError


def diverged(sign: str) -> ConfigError:
    """The error for a sign that the run cannot go on, such as a loss that is no number."""
    return ConfigError(f"{sign}; lower --learning-rate, raise --warmup, or use --precision fp32")
