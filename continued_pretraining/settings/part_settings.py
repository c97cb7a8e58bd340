"""Settings of ``x2static pretrain`` that concern parts of the model: modules, and what learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from x2static.core.config import require_at_least
from x2static.teacher.parts import check_part_names


@dataclass(frozen=True, kw_only=True)
class PartSettings:
    """A module for each language, shares of languages to suit, parts that learn or stay."""

    modules: Annotated[
        Literal["languages", "shared"] | None,
        "give the model modules (X-MOD): one for each language of --text, or one that all share",
    ] = None
    temperature: Annotated[
        float | None,
        "language shares: size to the power 1/temperature (1: by size, larger: flatter; default: "
        "1, with --modules 10/7)",
    ] = None
    learn: Annotated[
        tuple[str, ...],
        "parts of the model that learn (default: all): words, positions, embeddings, blocks, "
        "block-1 ..., modules, head, or patterns for the names of weights",
    ] = ()
    freeze: Annotated[tuple[str, ...], "parts that do not learn, named likewise"] = ()

    def check_parts(self) -> None:
        """Raise `ConfigError` for values that cannot be."""
        if self.temperature is not None:
            require_at_least("--temperature", self.temperature, 1)
        check_part_names(self.learn, "--learn")
        check_part_names(self.freeze, "--freeze")

    @property
    def flatness(self) -> float:
        """The temperature in use: X-MOD samples languages by size to the power 0.7."""
        return self.temperature or (10 / 7 if self.modules else 1.0)
