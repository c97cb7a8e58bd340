"""Settings of ``x2static run``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from x2static.core.config import require_at_least
from x2static.core.setting import Help, free, positional


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Run a whole pipeline over many languages from one TOML file; docs/run.md explains the file.

    Sentences, vectors, one shared space, scores, word2vec files and, if asked for, a pre-trained
    model. A second run does only what is missing or whose settings or inputs have changed.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static run workbench.toml",
    )

    workbench: Annotated[Path, positional("TOML file: languages, teacher, hub, evaluations ...")]
    dry_run: Annotated[bool, "print what would run and what is kept, then stop"] = False
    only: Annotated[
        tuple[str, ...], "run only these: LANG/STAGE, LANG or STAGE; * matches anything"
    ] = ()
    from_: Annotated[str | None, "rerun this stage and everything that depends on it"] = None
    workers: Annotated[int, free("tasks at a time; they share the cores (or OMP_NUM_THREADS)")] = 1
    ray: Annotated[
        str | None, "spread the tasks over a Ray cluster: local, auto, or its address"
    ] = None

    def __post_init__(self) -> None:
        require_at_least("--workers", self.workers, 1)
