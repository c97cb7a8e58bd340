"""Settings of pre-training a model for each group of languages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from x2static.core.errors import ConfigError
from x2static.core.setting import place


@dataclass(frozen=True, kw_only=True)
class GroupSettings:
    """A model for each group, and what it is to be compared with."""

    groups: Annotated[
        Path | None,
        place("groups.json of languages cluster: train a model for each group, in a folder of "
              "--output; a group that has no --text is left out"),
    ] = None  # fmt: skip
    controls: Annotated[
        tuple[Literal["random", "all"], ...],
        "beside --groups: models of random groups of the same sizes, and one of all languages, for "
        "as many --steps each",
    ] = ()

    def check_groups(self) -> None:
        """Raise `ConfigError` for controls of nothing."""
        if self.controls and self.groups is None:
            raise ConfigError("--controls needs --groups, whose models they are compared with")
