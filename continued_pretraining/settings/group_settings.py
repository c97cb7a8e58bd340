"""Settings of pre-training a model for each group of languages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from x2static.core.errors import ConfigError
from x2static.core.setting import Help, place


@dataclass(frozen=True, kw_only=True)
class GroupSettings:
    """A model for each group, and what it is to be compared with."""

    # of the whole command, whose config class inherits it
    HELP: ClassVar[Help] = Help(
        example=(
            "x2static pretrain --model xlm-roberta-base --text 'wiki/*.txt' "
            "--vectors en=vectors/en de=aligned/de --steps 7500 --output better"
        ),
        inputs="text model vectors bitext validation_pairs",
        common=(
            "text model vectors bitext overwrite loss weight tlm_weight mrtd_weight "
            "steps mlm_batch align_batch learning_rate choose seed device precision resume"
        ),
    )

    groups: Annotated[
        Path | None,
        place(
            "groups.json of languages cluster: train a model for each group, in a folder of "
            "--output; a group that has no --text is left out"
        ),
    ] = None
    controls: Annotated[
        tuple[Literal["random", "all"], ...],
        "beside --groups: models of random groups of the same sizes, and one of all languages, for "
        "as many --steps each",
    ] = ()

    def check_groups(self) -> None:
        """Raise `ConfigError` for controls of nothing."""
        if self.controls and self.groups is None:
            raise ConfigError("--controls needs --groups, whose models they are compared with")
