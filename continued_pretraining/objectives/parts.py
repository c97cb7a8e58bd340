"""What objectives are built from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from continued_pretraining.config import PretrainConfig
from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import Frame
from continued_pretraining.text.pairs.planner import PairPlanner
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.text.pair_sources import PairSource


@dataclass(frozen=True)
class Parts:
    """The settings and what is there before the text is prepared.

    Attributes:
        config: the settings.
        text: files of each language.
        vectors: vector files of each language.
        tokenizer: cuts text into pieces.
        model: what is trained.
        frame: control tokens around a sequence.
        budget: padded pieces of a micro-batch.
        processes: those that train together.
        cache: keeps what is prepared from files.
        digest: of files, for names in the cache.
        pairs: draws sentence pairs; None where there are none.
        sources: where these lie, by name.
    """

    config: PretrainConfig
    text: Mapping[str, Sequence[Path]]
    vectors: Mapping[str, Sequence[Path]]
    tokenizer: LineTokenizer
    model: MaskedModel
    frame: Frame
    budget: int
    processes: Processes
    cache: Path
    digest: Callable[[Sequence[Path]], str]
    pairs: PairPlanner | None = None
    sources: Mapping[str, PairSource] = field(default_factory=dict)
