"""Settings of the alignment commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from align.vecmap.presets import (
    FAST_SCHEDULE,
    PRESETS,
    SETTING_NAMES,
    Direction,
    Mapping_,
    Seeds,
    Side,
    Step,
    VecMapSettings,
    check_settings,
)
from x2static.core.config import require_at_least
from x2static.core.device import DeviceName
from x2static.core.errors import ConfigError
from x2static.core.language_name import check_language_name
from x2static.core.setting import free, place

Preset = Literal[
    "supervised", "semi-supervised", "identical", "unsupervised", "acl2018", "aaai2018", "acl2017",
    "acl2017-seed", "emnlp2016", "rcsls", "bootstrap", "semi-bootstrap", "tuned",
]  # fmt: skip
Method = Literal["vecmap", "bootstrap", "rcsls", "tuned"]
HubMethod = Literal["tuned", "orthogonal", "bootstrap", "rcsls"]
Choice = Literal["aligned", "auto"]
OnError = Literal["raise", "skip"]
OutputFormat = Literal["auto", "safetensors", "word2vec", "word2vec-binary"]

_MORE_PRESETS: dict[str, dict[str, Any]] = {
    "rcsls": {**PRESETS["supervised"], "method": "rcsls", "cutoff": 20_000, "csls": 10},
    "bootstrap": {**PRESETS["supervised"], "method": "bootstrap", "cutoff": 20_000, "csls": 10},
    "semi-bootstrap": {**PRESETS["semi-supervised"], "method": "bootstrap"},
    "tuned": {**PRESETS["supervised"], "method": "tuned", "cutoff": 10_000, "csls": 10},
}  # fmt: skip

_NOT_SET_BY_HAND: dict[str, dict[str, Any]] = {
    "tuned": {
        "mapping": "multistep", "whiten": True, "ridge": 0.0, "source_reweight": 0.5,
        "target_reweight": 0.5, "self_learning": False,
    },
    "rcsls": {
        "mapping": "multistep", "whiten": True, "ridge": 0.0, "source_reweight": 0.5,
        "target_reweight": 0.5, "dimensions": 0, "self_learning": False,
    },
}  # fmt: skip
_REASONS = {
    "tuned": "is not for method tuned, which decides on its map itself and learns from its pairs",
    "rcsls": "is not for method rcsls, which learns one whole matrix from its pairs",
}


@dataclass(frozen=True, kw_only=True)
class AlignConfig:
    """Bring two languages into one space; docs/align.md explains the presets."""

    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
        {**PRESETS, **_MORE_PRESETS}
    )

    source: Annotated[Path, place("vectors of the source language, most frequent word first")]
    target: Annotated[Path, place("vectors of the target language")]
    output_source: Annotated[Path, place("where the mapped source vectors go")]
    output_target: Annotated[Path, place("where the mapped target vectors go")]
    preset: Annotated[Preset, "settings named for their papers"] = "supervised"
    lexicon: Annotated[Path | None, place("dictionary to learn from, source word first")] = None
    validation: Annotated[
        Path | None, place("held-back dictionary: scored, never learned from")
    ] = None
    choice: Annotated[
        Choice, "auto keeps the vectors unaligned where that scores better on held-back pairs"
    ] = "aligned"
    save_map: Annotated[Path | None, place("write the maps, for align apply")] = None
    induce: Annotated[Path | None, place("write the dictionary that the final space implies")] = (
        None
    )
    induce_cutoff: Annotated[int, "most frequent words per side to write from; 0: all"] = 20_000
    output_format: Annotated[
        OutputFormat, "auto: by the output's name (.vec, .txt, .bin), else a safetensors folder"
    ] = "auto"
    method: Annotated[Method, "how pairs become maps"] = "vecmap"
    seeds: Annotated[Seeds, "where the first pairs come from"] = "lexicon"
    normalize: Annotated[tuple[Step, ...], "steps before the map"] = ("unit", "center", "unit")
    mapping: Annotated[Mapping_, "kind of the final map"] = "multistep"
    whiten: Annotated[bool, "whiten first (multistep)"] = True
    ridge: Annotated[
        float, "added to the eigenvalues before whitening, times their mean; 0 as published"
    ] = 0.0
    source_reweight: Annotated[float, "exponent of the re-weighting, source (multistep)"] = 0.5
    target_reweight: Annotated[float, "exponent of the re-weighting, target (multistep)"] = 0.5
    source_dewhiten: Annotated[Side, "whose whitening is undone on the source side"] = "source"
    target_dewhiten: Annotated[Side, "whose whitening is undone on the target side"] = "target"
    dimensions: Annotated[int, "keep only the best dimensions; 0 keeps all (multistep)"] = 0
    self_learning: Annotated[bool, "induce a dictionary and learn again until nothing moves"] = (
        False
    )
    cutoff: Annotated[int, "most frequent words per side to induce from; 0: all"] = 20_000
    csls: Annotated[int, "neighbours of CSLS while inducing; 0: plain cosine, --induce: 10"] = 10
    direction: Annotated[Direction, "which side looks for its translations"] = "union"
    keep_initial: Annotated[float, "first chance that a similarity survives a draw"] = 0.1
    keep_multiplier: Annotated[float, "growth of that chance when the objective rests"] = 2.0
    patience: Annotated[int, "iterations without improvement that end a phase"] = 50
    threshold: Annotated[float, "least improvement of the objective"] = 1e-6
    smoothing: Annotated[float, "weight of the past in the objective that is judged"] = 0.0
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
    device: Annotated[DeviceName, "where self-learning runs"] = "cpu"
    threads: Annotated[int, free("for self-learning on the CPU; 0: every core")] = 0
    seed: Annotated[int, "of the random draws"] = 0
    resume: Annotated[bool, free("go on from the checkpoint of a killed run, if there is one")] = (
        False
    )
    on_error: Annotated[OnError, "a bad row in a vector file: stop, or count and skip"] = "raise"
    overwrite: Annotated[bool, free("replace outputs that exist")] = False

    def __post_init__(self) -> None:
        check_settings(self)
        self._check_method()
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
        if self.seeds == "lexicon" and self.lexicon is None:
            raise ConfigError(
                f"--preset {self.preset} learns from a dictionary: give --lexicon FILE, or use "
                "--preset identical or unsupervised"
            )
        if self.seeds != "lexicon" and self.lexicon is not None:
            raise ConfigError(
                f"--lexicon is not used when seeds are {self.seeds}: leave it out, give it as "
                "--validation, or choose --preset semi-supervised"
            )
        if self.choice == "auto" and self.validation is None:
            raise ConfigError("--choice auto decides on held-back pairs: give --validation FILE")

    def _check_method(self) -> None:
        """Refuse settings that the method would not look at."""
        for name, only in _NOT_SET_BY_HAND.get(self.method, {}).items():
            if getattr(self, name) != only:
                raise ConfigError(
                    f"--{name.replace('_', '-')} {_REASONS[self.method]}: leave it out, or choose "
                    "another preset"
                )
        for name in ("ridge", "dimensions"):
            if self.mapping != "multistep" and getattr(self, name):
                raise ConfigError(
                    f"--{name} works with --mapping multistep only, not with {self.mapping}: leave "
                    "it out, or choose another preset"
                )

    def settings(self) -> VecMapSettings:
        """What the method itself needs to know."""
        values = {name: getattr(self, name) for name in SETTING_NAMES}
        return VecMapSettings(**{**values, **(FAST_SCHEDULE if self.fast else {})})


@dataclass(frozen=True, kw_only=True)
class HubConfig:
    """Bring many languages into the space of one, which stays untouched."""

    hub: Annotated[str, "the fixed language: NAME=FILE"]
    # One spoke does not depend on the others.
    spokes: Annotated[tuple[str, ...], free("the others: NAME=FILE, any number")]
    output: Annotated[Path, "folder for the mapped vectors and the maps"]
    lexicons: Annotated[str, "dictionaries from each spoke to the hub; {} stands for the name"] = ""
    validation: Annotated[
        Path | None,
        place("held-back dictionaries, scored and never learned from; {} stands for the name"),
    ] = None
    method: Annotated[
        HubMethod,
        "how each spoke is mapped onto the hub; tuned decides on held-back pairs, and is bootstrap "
        "where self-learning is on",
    ] = "tuned"
    choice: Annotated[
        Choice,
        "auto writes a spoke as it is where that scores better on held-back pairs (of the "
        "dictionary, if no --validation is given)",
    ] = "auto"
    seeds: Annotated[Seeds, "where the first pairs come from"] = "lexicon"
    self_learning: Annotated[bool, "induce and learn again; on by itself without a lexicon"] = False
    cutoff: Annotated[int, "most frequent words per side to induce from; 0: all"] = 20_000
    rounds: Annotated[int, "rounds of method bootstrap"] = 4
    fast: Annotated[bool, "faster stopping rule, as in align"] = False
    output_format: Annotated[OutputFormat, "format of the vectors in the folder"] = "auto"
    max_vocabulary: Annotated[int, "read only the first words of each file; 0: all"] = 0
    device: Annotated[DeviceName, "where self-learning runs"] = "cpu"
    threads: Annotated[int, free("for self-learning on the CPU; 0: every core")] = 0
    seed: Annotated[int, "of the random draws"] = 0
    resume: Annotated[bool, free("leave out spokes that are done: same files, same settings")] = (
        False
    )
    on_error: Annotated[OnError, "a bad row in a vector file: stop, or count and skip"] = "raise"
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
        name, separator, path = text.partition("=")
        if not (separator and name and path):
            raise ConfigError(f"'{text}' is not NAME=FILE, such as de=de.vec")
        check_language_name(name, text)
        return name, Path(path)


@dataclass(frozen=True, kw_only=True)
class ApplyConfig:
    """Map further vectors with a map that align has saved."""

    map: Annotated[Path, place("what align --save-map wrote")]
    vectors: Annotated[
        Path, place("vectors of the map's source (or target) language: new words, too")
    ]
    output: Annotated[Path, "where the mapped vectors go"]
    side: Annotated[Literal["source", "target"], "whose map to use"] = "source"
    output_format: Annotated[OutputFormat, "auto: by the output's name"] = "auto"
    on_error: Annotated[OnError, "a bad row in the vector file: stop, or count and skip"] = "raise"
    overwrite: Annotated[bool, free("replace an output that exists")] = False
