"""Settings of ``x2static pretrain`` against forgetting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from x2static.core.errors import ConfigError
from x2static.core.setting import place


@dataclass(frozen=True, kw_only=True)
class ReplaySettings:
    """Text of other languages beside that of the run."""

    replay: Annotated[
        tuple[str, ...], place("FILES of text in other languages, against forgetting")
    ] = ()
    replay_share: Annotated[float, "of the sequences that are --replay's"] = 0.2

    def check_replay(self, *, has_text: bool, from_scratch: bool) -> None:
        """Raise `ConfigError` for values that cannot be."""
        if not 0 < self.replay_share < 1:
            raise ConfigError(f"--replay-share must lie between 0 and 1, got {self.replay_share}")
        if self.replay and not has_text:
            raise ConfigError("--replay goes beside --text, which names no file")
        if self.replay and from_scratch:
            raise ConfigError("--replay: a model from scratch has nothing to forget; use --text")
