"""Settings of ``align hub``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar

from align.answers import Choice, OutputFormat
from align.methods.table import WITHOUT_PAIRS, HubMethodName
from align.vecmap.presets import FAST_SCHEDULE, Seeds, VecMapSettings
from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.formats.faults import OnError
from x2static.core.languages.language_name import check_language_name, named_file
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import RESUME, Help, free, place


@dataclass(frozen=True, kw_only=True)
class HubConfig:
    """Bring many languages into the space of one, which stays untouched."""

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static align hub --hub en=vectors/en --spokes de=vectors/de fr=vectors/fr "
            "--lexicons 'lexicons/{}-en.txt' --output aligned"
        ),
        inputs="spokes lexicons validation",
        speed="fast",
        rare="on_error",
    )

    hub: Annotated[str, "the fixed language: NAME=FILE"]
    # One spoke does not depend on the others.
    spokes: Annotated[tuple[str, ...], free("the others: NAME=FILE, any number")]
    output: Annotated[Path, "folder for the mapped vectors and the maps"]
    lexicons: Annotated[str, "dictionaries from each spoke to the hub; {} stands for the name"] = ""
    validation: Annotated[
        Path | None,
        place("held-out dictionaries, only for scoring; {} stands for the name"),
    ] = None
    method: Annotated[
        HubMethodName,
        "how each spoke is mapped onto the hub; tuned decides on held-out pairs, and is bootstrap "
        "where self-learning is on",
    ] = "tuned"
    choice: Annotated[
        Choice,
        "auto writes a spoke as it is where that scores better on held-out pairs (of the "
        "dictionary, if no --validation is given)",
    ] = "auto"
    seeds: Annotated[Seeds, "where the first pairs come from"] = "lexicon"
    self_learning: Annotated[bool, "induce and learn again; automatic without a lexicon"] = False
    cutoff: Annotated[int, "most frequent words per side to induce from; 0: all"] = 20_000
    rounds: Annotated[int, "rounds of method bootstrap"] = 4
    fast: Annotated[bool, "faster stopping rule, as in align"] = False
    output_format: Annotated[OutputFormat, "format of the vectors in the folder"] = "auto"
    max_vocabulary: Annotated[int, "read only the first words of each file; 0: all"] = 0
    device: Annotated[DeviceName, DEVICE] = "auto"
    threads: Annotated[int, free("for self-learning on the CPU; 0: every core")] = 0
    seed: Annotated[int, "of the random draws"] = 0
    resume: Annotated[bool, free(RESUME)] = False
    on_error: Annotated[OnError, "invalid row in a vector file: stop, or count and skip"] = "raise"
    overwrite: Annotated[bool, free("replace outputs that exist")] = False

    def __post_init__(self) -> None:
        require_at_least("--rounds", self.rounds, 1)
        for name in ("cutoff", "max_vocabulary", "threads", "seed"):
            require_at_least("--" + name.replace("_", "-"), getattr(self, name), 0)
        names = [self.named(text)[0] for text in (self.hub, *self.spokes)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"--spokes: language '{twice[0]}' is named twice")
        if not self.spokes:
            raise ConfigError("--spokes: give at least one NAME=FILE")
        if self.seeds == "lexicon" and not self._names_each(self.lexicons):
            raise ConfigError(
                "--lexicons: give a pattern with {} for the language, such as 'lex/{}-en.txt', or "
                "use --seeds identical or unsupervised"
            )
        if self.validation and not self._names_each(str(self.validation)):
            raise ConfigError(
                "--validation: give a pattern with {} for the language, such as "
                "'lex/{}-en.valid.txt'"
            )

    @property
    def learns(self) -> bool:
        """Whether dictionaries are induced by self-learning."""
        return self.self_learning or self.seeds != "lexicon"

    def _names_each(self, pattern: str) -> bool:
        return "{}" in pattern or (bool(pattern) and len(self.spokes) == 1)

    @staticmethod
    def named(text: str) -> tuple[str, Path]:
        """``de=de.vec`` as its two parts."""
        name, path = named_file(text, "--hub and --spokes", "de=de.vec")
        check_language_name(name, text)
        return name, path

    @property
    def method_in_use(self) -> HubMethodName:
        """The method asked for, or what takes its place where pairs are induced."""
        return WITHOUT_PAIRS.get(self.method, self.method) if self.learns else self.method

    def settings(self) -> VecMapSettings:
        """What the methods themselves need to know."""
        settings = VecMapSettings(
            seeds=self.seeds, mapping="orthogonal", self_learning=self.learns, cutoff=self.cutoff
        )
        return replace(settings, **FAST_SCHEDULE) if self.fast else settings
