"""Settings of ``x2static eval tagging``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from eval.downstream.config import DownstreamConfig
from x2static.core.setting import Help


@dataclass(frozen=True, kw_only=True)
class TaggingConfig(DownstreamConfig):
    """Fine-tune on tagged English, tag other languages: entity F1, or accuracy and F1 of tags.

    Data: CoNLL-U, or word TAB tag (PAN-X, UD-POS), plain or .gz; all test files of a language
    count together.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static eval tagging --model xlm-roberta-base --train en.conllu "
            "--test 'ud/*.conllu' --seeds 3"
        ),
        inputs="dev",
        rare="seed warmup weight_decay max_pieces batch_pieces",
    )

    learning_rate: Annotated[float, "peak of the learning rate"] = 2e-5
    epochs: Annotated[int, "passes over the training data"] = 10
    metric: Annotated[
        Literal["auto", "entities", "tags"],
        "F1 of entities, or accuracy and F1 of tags (auto: told from the training tags)",
    ] = "auto"
    on_unseen: Annotated[
        Literal["raise", "count"],
        "a test tag that the training data does not have: stop, or count it as wrong",
    ] = "raise"

    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "xtreme": {},
        "small": {"learning_rate": 2e-4, "epochs": 3, "warmup": 50},
    }
