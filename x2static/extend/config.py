"""Settings of ``x2static extend``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from x2static.core.config import require_at_least, require_at_most
from x2static.core.errors import ConfigError
from x2static.core.languages.language_name import check_language_name
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import RESUME, Help, free, place

Init = Literal["random", "overlap", "script", "focus", "wechsel", "aligned"]
_ALIGNED = ("wechsel", "aligned")
_LEAST_PIECES = 32


@dataclass(frozen=True, kw_only=True)
class ExtendConfig:
    """Add a language to a model: a vocabulary of its own, trained while the model stays as it is.

    The output is a copy of the model with ``languages/CODE.safetensors`` and its tokenizer beside
    it; what the model answers in its other languages does not change by a bit. Commands that read a
    model (distill, eval retrieval, pretrain ...) take the new language by its code.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static extend --model xlm-roberta-base "
            "--language rw --text rw.txt.gz --output with-rw"
        ),
        inputs="vectors lexicon",
        common=(
            "vocabulary tokenizer modules init vectors lexicon steps batch learning_rate device "
            "precision seed resume overwrite"
        ),
    )

    model: Annotated[str, "masked language model to add it to: folder or hub name"]
    language: Annotated[str, "code of the new language"]
    text: Annotated[
        tuple[Path, ...], place("FILES of its text, one sentence or paragraph per line")
    ]
    output: Annotated[Path, place("folder to write: the model, with the language beside it")]
    vocabulary: Annotated[int, "pieces of the tokenizer that is trained"] = 8000
    tokenizer: Annotated[
        str | None,
        "use this tokenizer (folder or hub name) instead of training one; 'base': the model's",
    ] = None
    init: Annotated[
        Init,
        "where the new embeddings start: random, overlap (X-MOD), script (Downey et al.), focus, "
        "wechsel, or aligned (ours)",
    ] = "overlap"
    vectors: Annotated[
        tuple[str, ...],
        place(
            "wechsel, aligned: CODE=FILE of word vectors, of a language that the model knows and "
            "of the new one"
        ),
    ] = ()
    lexicon: Annotated[
        Path | None, place("wechsel, aligned: words of the known language and the new one")
    ] = None
    modules: Annotated[
        bool | None,
        "give the language a module in each block, too (default: where the model has one for each "
        "of its languages); a model without any gets one that changes nothing for the others",
    ] = None
    calibrate: Annotated[
        bool | None,
        "set the output bias so that the model expects each piece as often as it comes (default: "
        "with --init aligned)",
    ] = None
    neighbors: Annotated[int, "wechsel, aligned: existing pieces that a new one is mixed from"] = 10
    steps: Annotated[int, "updates"] = 5000
    block: Annotated[int, "pieces a sequence may have, control tokens included"] = 128
    unit: Annotated[
        Literal["blocks", "lines"], "text cut into blocks of --block pieces; or one line each"
    ] = "blocks"
    batch: Annotated[int, "sequences in an update"] = 64
    mask_rate: Annotated[float, "share of the pieces to mask"] = 0.15
    learning_rate: Annotated[float, "peak learning rate of AdamW"] = 1e-4
    warmup: Annotated[int, "warm-up updates, over which the step size grows"] = 0
    weight_decay: Annotated[float, "of AdamW, on matrices only"] = 0.0
    validate_every: Annotated[int, "updates between validations (0: only at the end)"] = 500
    validation_sequences: Annotated[int, "held-out sequences"] = 256
    micro_tokens: Annotated[
        int | None, free("padded pieces in a micro-batch (default: by device)")
    ] = None
    device: Annotated[DeviceName, free(DEVICE)] = "auto"
    precision: Annotated[Literal["auto", "fp32", "bf16"], "precision of the matrix products"] = (
        "auto"
    )
    log_every: Annotated[int, free("updates between the lines of curve.jsonl")] = 10
    checkpoint_minutes: Annotated[float, free("time between checkpoints")] = 10.0
    seed: Annotated[int, "of every random draw"] = 0
    replace: Annotated[bool, "replace the language if the model already has it"] = False
    resume: Annotated[bool, free(RESUME)] = False
    overwrite: Annotated[bool, free("replace an existing output and discard an unfinished run")] = (
        False
    )

    def __post_init__(self) -> None:
        check_language_name(self.language, "--language")
        for name, least in (
            ("vocabulary", _LEAST_PIECES), ("neighbors", 1), ("steps", 1), ("block", 4),
            ("batch", 1), ("learning_rate", 0), ("warmup", 0), ("weight_decay", 0),
            ("validate_every", 0), ("validation_sequences", 0), ("micro_tokens", 1),
            ("log_every", 1), ("checkpoint_minutes", 0), ("seed", 0),
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None:
                require_at_least(f"--{name.replace('_', '-')}", value, least)
        require_at_most("--learning-rate", self.learning_rate, 1)
        if not 0 < self.mask_rate < 1:
            raise ConfigError(f"--mask-rate must lie between 0 and 1, got {self.mask_rate}")
        if not self.text:
            raise ConfigError("--text names no file")
        self._check_vectors()

    def _check_vectors(self) -> None:
        if self.init not in _ALIGNED:
            for name in ("vectors", "lexicon"):
                if getattr(self, name):
                    raise ConfigError(f"--{name} serves --init wechsel and aligned")
            return
        codes = [code for code, _ in self.named_vectors()]
        if len(codes) != 2 or len(set(codes)) != 2 or self.language not in codes:
            raise ConfigError(
                f"--init {self.init} needs --vectors of two languages, such as en=vectors/en "
                f"{self.language}=vectors/{self.language}; got {' '.join(self.vectors) or 'none'}"
            )
        if self.init == "wechsel" and self.lexicon is None:
            raise ConfigError("--init wechsel needs --lexicon, words of both languages")

    @property
    def calibrates(self) -> bool:
        """Whether the output bias is set by the text."""
        return self.init == "aligned" if self.calibrate is None else self.calibrate

    def named_vectors(self) -> list[tuple[str, Path]]:
        """Language and file of each of ``--vectors``, the known language first."""
        found = []
        for text in self.vectors:
            code, _, path = text.partition("=")
            if not code or not path:
                raise ConfigError(f"--vectors {text}: CODE=FILE is needed")
            found.append((code, Path(path)))
        return sorted(found, key=lambda pair: pair[0] == self.language)
