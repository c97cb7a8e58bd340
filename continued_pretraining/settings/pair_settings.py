"""Settings of ``x2static pretrain`` that concern sentence pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from x2static.core.config import require_at_least, require_at_most
from x2static.core.errors import ConfigError
from x2static.core.setting import place

# Spelled out: the module of the samplings loads numpy, which no --help needs.
BitextSampling = Literal["sinkhorn", "m2m", "temperature", "english"]
LARGEST_WEIGHT = 1e6


@dataclass(frozen=True, kw_only=True)
class PairSettings:
    """What is learned from sentence pairs, and how these are drawn."""

    bitext: Annotated[
        tuple[str, ...],
        place(
            "sentence pairs: keyed texts SOURCE/LANGUAGE.tsv, patterns in quotes; "
            "en-de=FILE,FILE aligned; en-de=FILE with tabs"
        ),
    ] = ()
    bitext_sampling: Annotated[
        BitextSampling, "how often each pair of languages is drawn; see x2static bitext count"
    ] = "sinkhorn"
    bitext_temperature: Annotated[
        float, "flattens what is drawn by size (1: by size, larger: flatter)"
    ] = 10 / 7
    bitext_hub: Annotated[str, "english sampling: the language that all pairs have"] = "en"
    source_limit: Annotated[float, "largest share of a language pair's draws from one source"] = 1.0
    robust: Annotated[
        Literal["none", "chi-square"],
        "draw language pairs by their loss, within a ball around --bitext-sampling, "
        "and list the most up- and down-weighted pairs: bad or trivial translations",
    ] = "none"
    radius: Annotated[float, "of that ball"] = 0.1
    robust_rounds: Annotated[int, "number of times the shares are updated"] = 10
    tlm_weight: Annotated[
        float, "weight of masked language modelling on sentence pairs (0: none)"
    ] = 1.0
    tlm_batch: Annotated[int, "sentence pairs in its update, over all processes"] = 64

    def check_pairs(self) -> None:
        """Raise `ConfigError` for values that cannot be."""
        require_at_least("--bitext-temperature", self.bitext_temperature, 1)
        require_at_least("--tlm-weight", self.tlm_weight, 0)
        require_at_most("--tlm-weight", self.tlm_weight, LARGEST_WEIGHT)
        require_at_least("--tlm-batch", self.tlm_batch, 1)
        require_at_least("--robust-rounds", self.robust_rounds, 1)
        require_at_least("--radius", self.radius, 0)
        require_at_most("--radius", self.radius, LARGEST_WEIGHT)
        if self.robust != "none" and not self.bitext:
            raise ConfigError(f"--robust {self.robust} needs --bitext")
        if not 0 < self.source_limit <= 1:
            raise ConfigError(
                f"--source-limit must be above 0 and at most 1, got {self.source_limit}"
            )
