"""Settings of ``x2static distill``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from x2static.core.config import require_at_least, require_at_most
from x2static.core.errors import ConfigError
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import RESUME, Help, free, place
from x2static.distill.postprocess import check_steps

_MOST_NEGATIVES = 1_000
DistillMethod = Literal["x2static", "aggregate", "decontextual"]
Case = Literal["keep", "words", "text"]


@dataclass(frozen=True, kw_only=True)
class DistillConfig:
    """Distil one static vector per word from a frozen transformer."""

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static distill --corpus de.txt.gz --teacher xlm-roberta-base --output vectors/de"
        ),
        inputs="teacher language",
        rare=(
            "own_weight context_weight lower_weight mean_share ridge evenness smoothing epochs "
            "held_out learning_rate threshold negatives negative_power batch max_pieces "
            "max_occurrences specials token_budget cache cache_folder"
        ),
    )

    corpus: Annotated[
        Path, place("tokenized sentences, one per line (x2static prepare writes them)")
    ]
    output: Annotated[Path, place("folder of vectors to write")]
    teacher: Annotated[str, "Hugging Face encoder: hub name or folder"] = "xlm-roberta-base"
    words: Annotated[
        Path | None,
        place(
            "words that must be in the output, one a line; those too rare in the corpus, or not "
            "in it, get vectors from the teacher alone"
        ),
    ] = None
    preset: Annotated[
        Literal["default", "balanced", "closed-form", "paper", "x2static-released"],
        "a set of settings; others override it",
    ] = "default"
    method: Annotated[DistillMethod, "how states become vectors"] = "x2static"
    language: Annotated[
        str | None,
        "code of the text's language, for teachers with a module for each (X-MOD; default: as "
        "prepare was told)",
    ] = None
    layer: Annotated[
        int | None,
        "block of the teacher to read; -1 is the last (default: the middle, 6 of 12; the last of a "
        "sentence encoder)",
    ] = None
    context: Annotated[
        Literal["exclude", "all"], "what a word is learned from: its sentence without or with it"
    ] = "exclude"
    specials: Annotated[bool, "count the control tokens around a sentence as context"] = False
    case: Annotated[Case, "keep case, fold it in the vocabulary, or in the whole text"] = "keep"
    min_count: Annotated[
        int | None, "minimum occurrences of a word (default: 10, less for a small corpus; printed)"
    ] = None
    max_vocabulary: Annotated[int, "most words"] = 200_000
    solver: Annotated[
        Literal["sampled", "closed"], "x2static: trained with sampled words, or in closed form"
    ] = "closed"
    own_weight: Annotated[
        float | None,
        "closed: weight of a word's own mean state beside that of its contexts (0: "
        "none; default: twice as much as own states predict contexts elsewhere, "
        "measured; printed)",
    ] = None
    context_weight: Annotated[float, "closed: weight of the contexts (0: own states only)"] = 1.0
    lower_weight: Annotated[
        float, "closed: weight of the own states two thirds of the way to the layer (0: none)"
    ] = 0.5
    mean_share: Annotated[float, "closed: share of the own states left to their common mean"] = 0.1
    ridge: Annotated[float, "closed: regularisation, in mean variances of the contexts"] = 3.0
    evenness: Annotated[
        float, "closed: how far variances are equalised across directions (0: not at all, 1: fully)"
    ] = 0.25
    smoothing: Annotated[float, "closed: length of a step towards the ten nearest words"] = 0.0
    epochs: Annotated[
        int, "sampled: passes over the corpus (0: until the held-out loss stops falling)"
    ] = 0
    held_out: Annotated[
        float, "sampled, epochs 0: share of held-out sentences, which decide when to stop"
    ] = 0.02
    learning_rate: Annotated[float, "sampled: step size of row-sparse Adam"] = 1e-3
    threshold: Annotated[float, "sampled: sub-sampling of frequent targets (0: none)"] = 5e-6
    negatives: Annotated[int, "sampled: words drawn against each target"] = 10
    negative_power: Annotated[float, "sampled: drawn in proportion to count to this power"] = 0.5
    batch: Annotated[int, "sampled: sentences per update"] = 128
    max_pieces: Annotated[int, "pieces a sentence is cut to, control tokens included"] = 512
    max_occurrences: Annotated[
        int, "aggregate: occurrences of a word to average, about, drawn at random (0: all)"
    ] = 0
    postprocess: Annotated[
        tuple[str, ...], "steps on the finished vectors: center zscore unit topN pcaN"
    ] = ()
    device: Annotated[DeviceName, DEVICE] = "auto"
    precision: Annotated[Literal["auto", "fp32", "bf16"], "precision of the teacher"] = "auto"
    token_budget: Annotated[int | None, "padded pieces in a batch (default: by device)"] = None
    cache: Annotated[
        Literal["auto", "on", "off"], "keep the teacher's readings on disk for further epochs"
    ] = "auto"
    cache_folder: Annotated[
        Path | None, free("keep those readings here, for other runs on the same corpus and teacher")
    ] = None
    checkpoint_minutes: Annotated[float, free("time between checkpoints")] = 10.0
    seed: Annotated[int, "of every random draw"] = 0
    resume: Annotated[bool, free(RESUME)] = False
    overwrite: Annotated[bool, free("replace an existing output and discard an unfinished run")] = (
        False
    )

    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "default": {},
        "balanced": {},
        "closed-form": {"own_weight": 5.0, "evenness": 0.0, "smoothing": 0.2},
        "paper": {"solver": "sampled", "min_count": 10},
        "x2static-released": {
            "solver": "sampled",
            "layer": -1,
            "context": "all",
            "specials": True,
            "case": "text",
            "min_count": 10,
            "epochs": 5,
            "max_pieces": 200,
        },
    }

    def __post_init__(self) -> None:
        for name, least in (
            ("min_count", 1), ("max_vocabulary", 1), ("epochs", 0), ("negatives", 1), ("batch", 1),
            ("max_pieces", 3), ("token_budget", 1), ("threshold", 0), ("checkpoint_minutes", 0),
            ("seed", 0), ("own_weight", 0), ("ridge", 0), ("lower_weight", 0),
            ("context_weight", 0), ("smoothing", 0), ("evenness", 0), ("mean_share", 0),
            ("max_occurrences", 0), ("learning_rate", 0), ("negative_power", -10),
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None:
                require_at_least(f"--{name.replace('_', '-')}", value, least)
        for name, most in (
            ("learning_rate", 1),
            ("own_weight", 1e6),
            ("lower_weight", 1e6),
            ("ridge", 1e6),
            ("smoothing", 1e6),
            ("context_weight", 1e6),
            ("evenness", 1),
            ("negative_power", 10),
        ):
            value = getattr(self, name)
            if value is not None:
                require_at_most(f"--{name.replace('_', '-')}", value, most)
        if self.negatives > _MOST_NEGATIVES:
            raise ConfigError(
                f"--negatives must be at most {_MOST_NEGATIVES:,}, got {self.negatives}: each "
                "takes a row of memory for every word of a batch, and tens are enough"
            )
        if self.mean_share >= 1:
            raise ConfigError(f"--mean-share must be below 1, got {self.mean_share}")
        if not 0 < self.held_out <= 0.5:
            raise ConfigError(f"--held-out must be above 0 and at most 0.5, got {self.held_out}")
        if self.reads_once and self.own_weight == 0 and not self.context_weight:
            raise ConfigError(
                "--own-weight 0 --context-weight 0: nothing is left to make vectors of"
            )
        if self.reads_once and self.epochs > 1:
            raise ConfigError(
                f"--epochs {self.epochs}: the closed form reads the corpus once; epochs serve "
                "--solver sampled and --preset paper"
            )
        check_steps(self.postprocess)

    @property
    def names_a_paper(self) -> bool:
        """Whether the preset promises a published method's settings."""
        return self.preset in ("paper", "x2static-released")

    @property
    def reads_once(self) -> bool:
        """True for the closed form, which needs no second look at the corpus."""
        return self.method == "x2static" and self.solver == "closed"

    @property
    def reads_lower(self) -> bool:
        """Whether the vectors are made of a second layer as well."""
        return self.reads_once and self.own_weight != 0 and self.lower_weight > 0

    @property
    def with_lower(self) -> bool:
        """Whether a second layer is read; for readings that other runs may want, always."""
        return self.reads_lower or self.cache_folder is not None
