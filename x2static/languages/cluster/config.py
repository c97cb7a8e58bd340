"""Settings of ``x2static languages cluster``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.setting import Help, free, place


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """Divide languages into groups that a transformer represents alike (representation sprachbund).

    The output folder holds groups.json, which pretrain --groups reads, and index.html with a tree
    and maps. Every state saved is looked at, as it is and centred; one of them makes the groups.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static languages cluster --representations means --output groups",
    )

    representations: Annotated[Path, place("folder made by languages represent")]
    output: Annotated[Path, place("folder to write")]
    groups: Annotated[int | None, "how many groups (default: chosen, see --choose)"] = None
    choose: Annotated[
        Literal["silhouette", "gap", "eigengap"], "what chooses the number of groups"
    ] = "silhouette"
    most_groups: Annotated[int, "largest number that may be chosen"] = 12
    state: Annotated[str | None, "state that makes the groups, such as 12.cls (default: last)"] = (
        None
    )
    space: Annotated[
        Literal["raw", "centred"],
        "means as they are, as in the paper, or with the mean of all languages removed",
    ] = "centred"
    linkage: Annotated[
        Literal["average", "complete", "single"], "distance of two groups, from their members'"
    ] = "average"
    layout: Annotated[Literal["mds", "tsne"], "of the maps"] = "mds"
    draws: Annotated[int, "sub-samples that test stability"] = 100
    permutations: Annotated[int, "of each test against chance"] = 9999
    seed: Annotated[int, "of every random draw"] = 0
    overwrite: Annotated[bool, free("replace the output where it exists")] = False

    def __post_init__(self) -> None:
        for name, least in (
            ("groups", 1),
            ("most_groups", 2),
            ("draws", 1),
            ("permutations", 1),
            ("seed", 0),
        ):
            value = getattr(self, name)
            if value is not None:
                require_at_least(f"--{name.replace('_', '-')}", value, least)
        if self.groups is not None and self.choose != "silhouette":
            raise ConfigError(f"--choose {self.choose} chooses a number that --groups gives")
