"""Settings of ``align``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from align.answers import Choice, OutputFormat
from align.methods.table import METHODS, MethodName
from align.vecmap.presets import (
    FAST_SCHEDULE,
    PRESETS,
    SETTING_NAMES,
    Direction,
    MapKind,
    Seeds,
    Side,
    Step,
    VecMapSettings,
    check_multistep_only,
    check_settings,
)
from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.formats.faults import OnError
from x2static.core.lexicons.cldr import names_cldr
from x2static.core.lexicons.name import files_of, parse_bitext
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import RESUME, Help, free, place

Preset = Literal[
    "supervised", "semi-supervised", "identical", "unsupervised", "acl2018", "aaai2018", "acl2017",
    "acl2017-seed", "emnlp2016", "rcsls", "bootstrap", "semi-bootstrap", "tuned",
]  # fmt: skip

Start = Literal["auto", "lexicon", "identical", "numerals", "unsupervised"]

_MORE_PRESETS: dict[str, dict[str, Any]] = {
    "rcsls": {**PRESETS["supervised"], "method": "rcsls", "cutoff": 20_000, "csls": 10},
    "bootstrap": {**PRESETS["supervised"], "method": "bootstrap", "cutoff": 20_000, "csls": 10},
    "semi-bootstrap": {**PRESETS["semi-supervised"], "method": "bootstrap"},
    "tuned": {
        **PRESETS["supervised"],
        "method": "tuned",
        "seeds": "auto",
        "cutoff": 10_000,
        "csls": 10,
    },
}


@dataclass(frozen=True, kw_only=True)
class AlignConfig:
    """Bring two languages into one space; docs/align.md explains the presets."""

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static align --source vectors/de --target vectors/en "
            "--lexicon de-en.0-5000.txt --preset tuned "
            "--output-source mapped/de --output-target mapped/en"
        ),
        inputs="lexicon bitext validation",
        speed="fast",
        common=(
            "lexicon bitext validation save_map induce output_format overwrite preset choice "
            "seeds cutoff seed fast device threads resume"
        ),
    )

    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
        {**PRESETS, **_MORE_PRESETS}
    )

    source: Annotated[Path, place("vectors of the source language, most frequent word first")]
    target: Annotated[Path, place("vectors of the target language")]
    output_source: Annotated[Path, place("where the mapped source vectors go")]
    output_target: Annotated[Path, place("where the mapped target vectors go")]
    preset: Annotated[
        Preset,
        "tuned chooses by held-out pairs or other evidence; the others are published settings",
    ] = "tuned"
    lexicon: Annotated[
        Path | None, place("dictionary to learn from, source word first; cldr:de-en is built in")
    ] = None
    bitext: Annotated[
        str, "sentence pairs instead, source first: de-en=FILE, as in x2static lexicon"
    ] = ""
    validation: Annotated[Path | None, place("held-out dictionary: only for scoring")] = None
    choice: Annotated[
        Choice, "auto keeps the vectors unaligned where that scores better on held-out pairs"
    ] = "aligned"
    save_map: Annotated[Path | None, place("write the maps, for align apply")] = None
    induce: Annotated[Path | None, place("write the dictionary that the final space implies")] = (
        None
    )
    induce_cutoff: Annotated[int, "most frequent words per side to write from; 0: all"] = 20_000
    output_format: Annotated[
        OutputFormat, "auto: by the output's name (.vec, .txt, .bin), else a safetensors folder"
    ] = "auto"
    method: Annotated[MethodName, "how pairs become maps"] = "vecmap"
    seeds: Annotated[
        Start,
        "where the first pairs come from; auto: the lexicon; without one, what leads on",
    ] = "auto"
    normalize: Annotated[tuple[Step, ...], "steps before the map"] = ("unit", "center", "unit")
    mapping: Annotated[MapKind, "kind of the final map"] = "multistep"
    whiten: Annotated[bool, "whiten first (multistep)"] = True
    ridge: Annotated[
        float, "added to the eigenvalues before whitening, times their mean; 0 as published"
    ] = 0.0
    source_reweight: Annotated[float, "exponent of the re-weighting, source (multistep)"] = 0.5
    target_reweight: Annotated[float, "exponent of the re-weighting, target (multistep)"] = 0.5
    source_dewhiten: Annotated[Side, "whose whitening is undone on the source side"] = "source"
    target_dewhiten: Annotated[Side, "whose whitening is undone on the target side"] = "target"
    dimensions: Annotated[int, "keep only the best dimensions; 0 keeps all (multistep)"] = 0
    self_learning: Annotated[bool, "induce a dictionary and learn again until convergence"] = False
    cutoff: Annotated[int, "most frequent words per side to induce from; 0: all"] = 20_000
    csls: Annotated[int, "neighbours of CSLS while inducing; 0: plain cosine, --induce: 10"] = 10
    direction: Annotated[Direction, "which side looks for its translations"] = "union"
    keep_initial: Annotated[float, "initial probability of keeping a similarity"] = 0.1
    keep_multiplier: Annotated[
        float, "factor on that probability when the objective stops improving"
    ] = 2.0
    patience: Annotated[int, "iterations without improvement that end a phase"] = 50
    threshold: Annotated[float, "smallest improvement that counts"] = 1e-6
    smoothing: Annotated[float, "share of past values in the smoothed objective"] = 0.0
    start_words: Annotated[int, "words of the unsupervised start"] = 4_000
    fast: Annotated[
        bool, "stop phases on the smoothed objective: patience 6, threshold 2e-4, smoothing 0.6"
    ] = False
    rounds: Annotated[int, "rounds of method bootstrap or tuned"] = 4
    restarts: Annotated[int, "further attempts when an unsupervised run has failed"] = 2
    agreement_runs: Annotated[
        int,
        "smaller runs with other draws that a self-learned result has to agree with; 0: none",
    ] = 2
    accept_failure: Annotated[bool, "write the result even if the run has failed"] = False
    max_vocabulary: Annotated[int, "read only the first words of each file; 0: all"] = 0
    device: Annotated[DeviceName, DEVICE] = "auto"
    threads: Annotated[int, free("for self-learning on the CPU; 0: every core")] = 0
    seed: Annotated[int, "of the random draws"] = 0
    resume: Annotated[bool, free(RESUME)] = False
    on_error: Annotated[OnError, "invalid row in a vector file: stop, or count and skip"] = "raise"
    overwrite: Annotated[bool, free("replace outputs that exist")] = False

    def __post_init__(self) -> None:
        check_settings(self)
        METHODS[self.method].check(self)
        check_multistep_only(self)
        for name in (
            "restarts",
            "agreement_runs",
            "threads",
            "max_vocabulary",
            "induce_cutoff",
            "seed",
        ):
            require_at_least("--" + name.replace("_", "-"), getattr(self, name), 0)
        require_at_least("--rounds", self.rounds, 1)
        outputs = [self.output_source, self.output_target, self.save_map, self.induce]
        given = [path for path in outputs if path is not None]
        if len(set(given)) < len(given):
            raise ConfigError("two outputs have the same name; give each its own")
        if self.bitext:
            parse_bitext(self.bitext)
        if self.bitext and self.lexicon is not None:
            raise ConfigError("give --lexicon or --bitext, not both")
        if self.seeds_in_use == "lexicon" and not self.has_dictionary:
            raise ConfigError(
                f"--preset {self.preset} learns from a dictionary: give --lexicon FILE, or use "
                "--preset identical or unsupervised"
            )
        if self.seeds_in_use != "lexicon" and self.has_dictionary:
            flag = "--bitext" if self.bitext else "--lexicon"
            raise ConfigError(
                f"{flag} is not used when seeds are {self.seeds}: leave it out, give it as "
                "--validation, or choose --preset semi-supervised"
            )
        if self.choice == "auto" and self.validation is None:
            raise ConfigError("--choice auto decides on held-out pairs: give --validation FILE")

    @property
    def has_dictionary(self) -> bool:
        """Whether a dictionary is given, or what one can be learned from."""
        return self.lexicon is not None or bool(self.bitext)

    @property
    def inputs(self) -> list[Path]:
        """Every file that is read."""
        lexicon = None if names_cldr(self.lexicon) else self.lexicon
        found = [self.source, self.target, lexicon, self.validation]
        if self.bitext:
            codes, path = parse_bitext(self.bitext)
            found += files_of(path, codes)
        return [path for path in found if path is not None]

    @property
    def seeds_in_use(self) -> Seeds:
        """Where the first pairs come from; words spelled alike, if there is nothing better."""
        if self.seeds != "auto":
            return self.seeds
        is_free = not self.has_dictionary and METHODS[self.method].learns_without_pairs
        return "identical" if is_free else "lexicon"

    def settings(self) -> VecMapSettings:
        """What the method itself needs to know."""
        values = {name: getattr(self, name) for name in SETTING_NAMES}
        values["seeds"] = self.seeds_in_use
        return VecMapSettings(**{**values, **(FAST_SCHEDULE if self.fast else {})})
