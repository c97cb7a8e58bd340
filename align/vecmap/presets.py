"""The settings of the method and the presets named for the papers; no heavy import."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal, get_args

from x2static.core.config import closest
from x2static.core.errors import ConfigError

Step = Literal["unit", "center", "unitdim", "centeremb"]
Seeds = Literal["lexicon", "identical", "numerals", "unsupervised"]
MapKind = Literal["orthogonal", "multistep", "unconstrained"]
Direction = Literal["forward", "backward", "union"]
Side = Literal["source", "target", "none"]
STEPS = get_args(Step)
_NUMBERS = (
    "ridge",
    "source_reweight",
    "target_reweight",
    "keep_initial",
    "keep_multiplier",
    "threshold",
    "smoothing",
)


@dataclass(frozen=True, kw_only=True)
class VecMapSettings:
    """Everything that decides what a run of the method computes.

    Attributes:
        seeds: where the first pairs come from.
        normalize: steps applied to each side before anything else, in this order.
        mapping: how the final map is learned; while self-learning the map is orthogonal.
        whiten: whiten before the rotation of a multi-step map.
        ridge: what is added to the eigenvalues before whitening, times their mean; 0 as published.
        source_reweight: exponent of the singular values on the source side (multi-step).
        target_reweight: the same on the target side.
        source_dewhiten: whose whitening is undone on the source side.
        target_dewhiten: whose whitening is undone on the target side.
        dimensions: keep only so many dimensions; 0 keeps all (multi-step).
        self_learning: induce a dictionary and learn again, until the objective rests.
        cutoff: most frequent words per side that self-learning looks at; 0 means all.
        csls: neighbours of the CSLS correction while self-learning; 0 means plain cosine.
        direction: which side looks for its translations while self-learning.
        keep_initial: chance that a similarity survives a draw, at the start.
        keep_multiplier: factor on that chance whenever a phase ends.
        patience: iterations without improvement that end a phase.
        threshold: least gain of the objective that counts as improvement.
        smoothing: weight of the past in the objective that is judged; 0 judges the raw one.
        start_words: most frequent words of each side used by the unsupervised start.
    """

    seeds: Seeds = "lexicon"
    normalize: tuple[Step, ...] = ("unit", "center", "unit")
    mapping: MapKind = "multistep"
    whiten: bool = True
    ridge: float = 0.0
    source_reweight: float = 0.5
    target_reweight: float = 0.5
    source_dewhiten: Side = "source"
    target_dewhiten: Side = "target"
    dimensions: int = 0
    self_learning: bool = False
    cutoff: int = 20_000
    csls: int = 10
    direction: Direction = "union"
    keep_initial: float = 0.1
    keep_multiplier: float = 2.0
    patience: int = 50
    threshold: float = 1e-6
    smoothing: float = 0.0
    start_words: int = 4_000

    def __post_init__(self) -> None:
        check_settings(self)


def check_settings(settings: Any) -> None:
    """Raise `ConfigError` where one of the method's settings is out of range."""
    unknown = [step for step in settings.normalize if step not in STEPS]
    if unknown:
        raise ConfigError(f"--normalize: unknown step '{unknown[0]}'; known: {', '.join(STEPS)}")
    _check_finite_numbers(settings)
    for name in ("dimensions", "cutoff", "csls", "ridge"):
        if not getattr(settings, name) >= 0:
            raise ConfigError(f"--{name} must be 0 or more, got {getattr(settings, name)}")
    for name, low in (("patience", 1), ("start_words", 2)):
        if getattr(settings, name) < low:
            flag = "--" + name.replace("_", "-")
            raise ConfigError(f"{flag} must be at least {low}, got {getattr(settings, name)}")
    if not 0 < settings.keep_initial <= 1:
        raise ConfigError(f"--keep-initial must lie in (0, 1], got {settings.keep_initial}")
    if settings.keep_multiplier <= 1 and settings.keep_initial < 1:
        raise ConfigError(f"--keep-multiplier must be above 1, got {settings.keep_multiplier}")
    if not 0 <= settings.smoothing < 1:
        raise ConfigError(f"--smoothing must lie in [0, 1), got {settings.smoothing}")
    dewhitens = (settings.source_dewhiten, settings.target_dewhiten) != ("none", "none")
    if settings.mapping == "multistep" and dewhitens and not settings.whiten:
        raise ConfigError("de-whitening needs --whiten; or --source-dewhiten none, and the target")


def check_multistep_only(settings: Any) -> None:
    """Raise `ConfigError` for a setting of the multi-step map beside another kind of map."""
    for name in ("ridge", "dimensions"):
        if settings.mapping != "multistep" and getattr(settings, name):
            raise ConfigError(
                f"--{name} works with --mapping multistep only, not with {settings.mapping}: leave "
                "it out, or choose another preset"
            )


def _check_finite_numbers(settings: Any) -> None:
    for name in _NUMBERS:
        if not math.isfinite(getattr(settings, name)):
            flag = "--" + name.replace("_", "-")
            raise ConfigError(f"{flag} must be a finite number, got {getattr(settings, name)}")


_LEARN: dict[str, Any] = {"self_learning": True}
_PLAIN: dict[str, Any] = {"cutoff": 0, "csls": 0}
_ORTHOGONAL: dict[str, Any] = {**_PLAIN, "mapping": "orthogonal", "normalize": ("unit", "center")}
_ACL2017: dict[str, Any] = {
    **_ORTHOGONAL,
    **_LEARN,
    "direction": "forward",
    "keep_initial": 1.0,
    "patience": 1,
}

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "supervised": {**_PLAIN, "seeds": "lexicon"},
        "semi-supervised": {**_LEARN, "seeds": "lexicon"},
        "identical": {**_LEARN, "seeds": "identical"},
        "unsupervised": {**_LEARN, "seeds": "unsupervised"},
        "acl2018": {**_LEARN, "seeds": "unsupervised"},
        "aaai2018": {
            **_PLAIN,
            "normalize": ("unit", "center"),
            "source_reweight": 0.0,
            "target_reweight": 1.0,
        },
        "acl2017": {**_ACL2017, "seeds": "numerals"},
        "acl2017-seed": {**_ACL2017, "seeds": "lexicon"},
        "emnlp2016": {**_ORTHOGONAL, "seeds": "lexicon"},
    }
)

FAST_SCHEDULE: Mapping[str, Any] = MappingProxyType(
    {"patience": 6, "threshold": 2e-4, "smoothing": 0.6}
)


def preset_settings(name: str, **changes: Any) -> VecMapSettings:
    """The settings of a preset, with some of them changed.

    Args:
        name: a key of `PRESETS`.
        changes: fields of `VecMapSettings` that differ from the preset.
    """
    if name not in PRESETS:
        raise ConfigError(f"unknown preset '{name}'{closest(name, list(PRESETS))}")
    return VecMapSettings(**{**PRESETS[name], **changes})


SETTING_NAMES = tuple(field.name for field in fields(VecMapSettings))
