"""Settings of ``x2static eval qa``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from eval.downstream.config import DownstreamConfig
from x2static.core.config import require_at_least
from x2static.core.formats.faults import OnError
from x2static.core.setting import Help


@dataclass(frozen=True, kw_only=True)
class QaConfig(DownstreamConfig):
    """Fine-tune on questions in English, answer them in other languages: exact match and F1.

    Data: SQuAD's JSON (SQuAD 1.1, XQuAD, TyDiQA-GoldP, MLQA), plain or .gz.
    """

    HELP: ClassVar[Help] = Help(
        example=(
            "x2static eval qa --model xlm-roberta-base --train squad.json "
            "--test 'xquad.*.json' --seeds 3"
        ),
        inputs="dev",
        rare=("seed warmup weight_decay max_pieces stride max_question max_answer on_error"),
    )

    warmup: Annotated[int, "updates over which the learning rate rises"] = 500
    weight_decay: Annotated[float, "of AdamW"] = 1e-4
    max_pieces: Annotated[int, "pieces in an input, control tokens included"] = 384
    stride: Annotated[int, "pieces from one window over a long context to the next"] = 128
    max_question: Annotated[int, "pieces a question is cut to"] = 64
    max_answer: Annotated[int, "pieces of the longest answer given"] = 30
    metric: Annotated[
        Literal["auto", "squad", "mlqa"],
        "how answers are compared (auto: mlqa for files named like MLQA's, else squad)",
    ] = "auto"
    on_error: Annotated[OnError, "a training answer that is not in its context: stop, or skip"] = (
        "raise"
    )

    PRESETS: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "xtreme": {},
        "small": {"learning_rate": 2e-4, "epochs": 3, "warmup": 50},
    }

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("stride", 1), ("max_question", 1), ("max_answer", 1)):
            require_at_least(f"--{name.replace('_', '-')}", getattr(self, name), least)
