"""Settings of the downstream evaluations: fine-tune on English, test on every language."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from eval.downstream.freezing import parse_freeze
from eval.downstream.recipe import Recipe
from eval.downstream.training_files import Training, as_typed, sole_language, training_files
from x2static.core.config import require_at_least, require_at_most
from x2static.core.errors import ConfigError
from x2static.core.machine.device import DEVICE, DeviceName
from x2static.core.setting import RESUME, free, place


@dataclass(frozen=True, kw_only=True)
class DownstreamConfig:
    """What the tasks have in common: models, data, and a recipe of fine-tuning."""

    model: Annotated[tuple[str, ...], "checkpoints to compare: folders or hub names"]
    train: Annotated[
        Training,
        place("training FILE, or CODE=FILE for each of several languages (then not zero-shot)"),
    ]
    test: Annotated[
        tuple[str, ...], place("test files or quoted patterns; CODE=FILE names a language")
    ]
    dev: Annotated[
        Path | None,
        place("development data in the (first) training language: keep the best epoch on it"),
    ] = None
    languages: Annotated[tuple[str, ...], "test only these languages"] = ()
    train_language: Annotated[
        str | None,
        "code of the language of --train FILE (default: en)",
    ] = None
    seeds: Annotated[int, "fine-tunings of each model"] = 3
    seed: Annotated[int, "first of their seeds"] = 0
    learning_rate: Annotated[float, "peak of the learning rate"] = 3e-5
    epochs: Annotated[int, "passes over the training data"] = 3
    batch: Annotated[int, "inputs in an update"] = 32
    warmup: Annotated[int, "updates over which the learning rate rises"] = 0
    weight_decay: Annotated[float, "of AdamW"] = 0.0
    freeze: Annotated[
        str | None, "what fine-tuning leaves unchanged: blocks:1,2,6, embeddings, or both with a +"
    ] = None
    max_pieces: Annotated[int, "pieces in an input, control tokens included"] = 128
    max_train: Annotated[int, "N training items of each language (0: all)"] = 0
    max_test: Annotated[int, "use only the first N items of each test set (0: all)"] = 0
    output: Annotated[
        Path | None,
        place("folder that keeps scores and predictions"),
    ] = None
    keep_models: Annotated[bool, free("keep the fine-tuned models in --output, too")] = False
    resume: Annotated[bool, free(RESUME)] = False
    overwrite: Annotated[bool, free("discard an earlier run in --output")] = False
    markdown: Annotated[Path | None, place("write the tables as Markdown")] = None
    device: Annotated[DeviceName, DEVICE] = "auto"
    precision: Annotated[
        Literal["auto", "fp32", "bf16"], "compute precision (auto: bf16 on a GPU)"
    ] = "auto"
    batch_pieces: Annotated[
        int | None, free("pieces in a micro-batch, padding included (default: by device)")
    ] = None
    preset: Annotated[
        Literal["xtreme", "small"],
        "a recipe; flags override it. small: for small models, little data",
    ] = "xtreme"

    def __post_init__(self) -> None:
        object.__setattr__(self, "train", as_typed(self.train))
        object.__setattr__(self, "train_language", sole_language(self.training))
        for name, least in (
            ("seeds", 1), ("seed", 0), ("epochs", 1), ("batch", 1), ("warmup", 0), ("max_train", 0),
            ("max_test", 0), ("weight_decay", 0), ("max_pieces", 8),
        ):  # fmt: skip
            require_at_least(f"--{name.replace('_', '-')}", getattr(self, name), least)
        require_at_least(
            "--batch-pieces", 64 if self.batch_pieces is None else self.batch_pieces, 1
        )
        if not self.learning_rate > 0:
            raise ConfigError(f"--learning-rate must be above 0, got {self.learning_rate}")
        require_at_most("--learning-rate", self.learning_rate, 1)
        require_at_most("--weight-decay", self.weight_decay, 1e6)
        for flag, given in (("--model", self.model), ("--test", self.test)):
            require_at_least(f"the number of {flag}", len(given), 1)
        if self.freeze is not None:
            parse_freeze(self.freeze)
        if self.keep_models and self.output is None:
            raise ConfigError("--keep-models needs --output FOLDER to keep them in")
        if self.resume and self.output is None:
            raise ConfigError("--resume needs the --output FOLDER of the earlier run")

    @property
    def training(self) -> dict[str, Path]:
        """Training files by language; the languages trained on are no zero-shot ones."""
        return training_files(as_typed(self.train), self.train_language)

    @property
    def recipe(self) -> Recipe:
        """The numbers of the fine-tuning."""
        return Recipe(self.learning_rate, self.epochs, self.batch, self.warmup, self.weight_decay)
