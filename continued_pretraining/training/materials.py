"""Everything a run works with: tokenizer, tokenized text, model, words, and what reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch

from continued_pretraining.config import PretrainConfig
from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.model.reading import TextReader
from continued_pretraining.model.start import start_model, start_tokenizer
from continued_pretraining.objectives.parts import Parts
from continued_pretraining.objectives.table import Objectives
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import Frame
from continued_pretraining.text.corpus import Sequences, tokenize
from continued_pretraining.text.pairs.collection import PairDrawing, collect_pairs
from continued_pretraining.text.pairs.planner import PairPlanner
from continued_pretraining.text.plan import Planner, TextPlanner
from continued_pretraining.text.replay import shares_by_size
from continued_pretraining.text.sampling import Sampler
from continued_pretraining.text.tokenizer import LineTokenizer
from continued_pretraining.training.memory import at_once, room_for
from continued_pretraining.training.overview import (
    counts_of_bitext,
    counts_of_objectives,
    counts_of_text,
    lines_of_bitext,
    lines_of_forgetting,
    lines_of_legibility,
    lines_of_model,
    lines_of_pairs,
    lines_of_text,
    resolved_of,
)
from continued_pretraining.training.robust import RobustPairs
from continued_pretraining.training.validation import TextPairs, Validator, read_all_pairs
from x2static.core.errors import ConfigError
from x2static.core.machine.heap import keep_freed_memory
from x2static.core.messages import say
from x2static.core.storage.run_record import RunRecord
from x2static.core.text.pair_sources import PairSource
from x2static.teacher.encoder import resolve_layer
from x2static.teacher.legibility import Legibility
from x2static.teacher.precision import dtype_of, pick_precision

PREPARED_NAME = "prepared"


@dataclass
class Materials:
    """What `gather` found and built.

    Attributes:
        tokenizer: cuts text into pieces.
        model: what is trained.
        reader: takes text through it.
        objectives: what is learned.
        planners: say what text, by what objectives read.
        validator: measures.
        robust: moves the shares of pairs of languages; None leaves them.
        counts: sizes for the run record.
        resolved: settings that were left open.
        held: pieces whose way through the model fits in memory.
        lines: what there is to say at the start.
        speaks: whether this process says it.
    """

    tokenizer: LineTokenizer
    model: MaskedModel
    reader: TextReader
    objectives: Objectives
    planners: dict[str, Planner]
    validator: Validator
    robust: RobustPairs | None
    counts: dict[str, Any]
    resolved: dict[str, Any]
    held: int
    lines: list[str] = field(default_factory=list)
    speaks: bool = True

    def say(self, text: str) -> None:
        """Print a line to standard error, in the first process."""
        if self.speaks:
            say(text)

    def announce(self) -> None:
        """Say what the run works with."""
        for line in self.lines:
            self.say(line)

    def compile(self) -> None:
        """Let torch compile each block."""
        for block in self.model.blocks:
            block.compile(dynamic=True)


def gather(
    config: PretrainConfig,
    text: dict[str, list[Path]],
    vectors: dict[str, list[Path]],
    processes: Processes,
    work: Path,
    record: RunRecord,
    pairs: Sequence[PairSource] = (),
) -> Materials:
    """Load or build everything; the first process prepares files, the others then read them."""
    if processes.device.type == "cpu":
        keep_freed_memory()
    cache = config.cache_folder or work / PREPARED_NAME
    low = dtype_of(pick_precision(config.precision, processes.device))
    builder = _Builder(config, text, vectors, pairs, processes, cache, work, record, low)
    if not processes.is_first:
        processes.wait()
    materials = builder.build()
    if processes.is_first:
        processes.wait()
    return materials


@dataclass
class _Builder:
    config: PretrainConfig
    text: dict[str, list[Path]]
    vectors: dict[str, list[Path]]
    sources: Sequence[PairSource]
    processes: Processes
    cache: Path
    work: Path
    record: RunRecord
    low: torch.dtype
    legibility: dict[str, Legibility] = field(default_factory=dict)

    def build(self) -> Materials:
        config = self.config
        tokenizer = start_tokenizer(config, self.text, self.work)
        torch.manual_seed(config.seed)
        model = start_model(config, tokenizer, self.low, self.processes.device, list(self.text))
        length = self._length(model, tokenizer)
        words = tokenizer.words  # before the texts, which take far longer to prepare
        frame = Frame(words.prefix, words.suffix, words.pad_id, model.first_position, self.low)
        budget = config.micro_tokens or at_once(model, config.block)
        planners: dict[str, Planner] = {}
        by_pairs = self._pairs(tokenizer, length)
        if by_pairs is not None:
            if len(model.languages) > 1:
                raise ConfigError(
                    "--bitext: a modular model reads a row in one language, a sentence pair has two"
                )
            planners["pairs"] = by_pairs
        objectives = Objectives.built(
            Parts(
                config, self.text, self.vectors, tokenizer, model, frame, budget, self.processes,
                self.cache, self._digest, by_pairs, {one.name: one for one in self.sources},
            )
        )  # fmt: skip
        pairs = read_all_pairs(config.validation_pairs, tokenizer, config.block - frame.size)
        precision = "bf16" if self.low is torch.bfloat16 else "fp32"
        resolved = resolved_of(model, objectives, precision, self.processes.size, budget)
        lines = lines_of_model(config, model, resolved)
        counts: dict[str, Any] = {"pieces": tokenizer.size}
        if self.text:
            texts = self._texts(tokenizer, length)
            names = list(self.text)
            shares = partial(shares_by_size, names, config.flatness, config.replay_share)
            sampler = Sampler(
                [len(t) for t in texts],
                config.flatness,
                config.seed,
                config.validation_sequences,
                shares if config.replay else None,
            )
            first = objectives.main.corruption if objectives.text else None
            planners["text"] = TextPlanner(
                names, texts, sampler, first, config.mlm_batch, config.seed
            )
            lengths = {name: len(t) for name, t in zip(names, texts, strict=True)}
            counts |= counts_of_text(lengths, sampler, self.legibility)
            lines += lines_of_text(config, sampler, self.text)
            lines += lines_of_forgetting(config, tokenizer, self.text)
        if by_pairs is not None:
            counts |= counts_of_bitext(by_pairs.collection)
            lines += lines_of_bitext(by_pairs.collection)
        reader = TextReader(model, frame, budget, objectives.block)
        validator = self._validator(reader, objectives, planners, pairs)
        lines += lines_of_legibility(self.legibility, tokenizer.name)
        lines += lines_of_pairs(pairs)
        for objective in objectives.whole:
            lines += objective.lines(self.text, self.vectors)
        return Materials(
            tokenizer, model, reader, objectives, planners, validator,
            self._robust(objectives, by_pairs),
            counts | counts_of_objectives(objectives)
            | {"validation_texts_cut": {pair.name: pair.num_cut for pair in pairs}},
            resolved,
            config.micro_tokens or room_for(model), lines,
            speaks=self.processes.is_first,
        )  # fmt: skip

    def _length(self, model: MaskedModel, tokenizer: LineTokenizer) -> int:
        """Pieces of a sequence without control tokens."""
        if self.config.block > model.max_pieces:
            raise ConfigError(
                f"--block {self.config.block}: this model reads at most {model.max_pieces} pieces"
            )
        frame = len(tokenizer.words.prefix) + len(tokenizer.words.suffix)
        return self.config.block - frame

    def _texts(self, tokenizer: LineTokenizer, length: int) -> list[Sequences]:
        texts = []
        for language, paths in self.text.items():
            tokens = tokenize(language, paths, tokenizer, self.cache, self._digest(paths))
            if tokens.legibility is not None:
                self.legibility[language] = tokens.legibility
            texts.append(Sequences(tokens, self.config.unit, length))
        return texts

    def _pairs(self, tokenizer: LineTokenizer, length: int) -> PairPlanner | None:
        """What draws sentence pairs, if there are any."""
        config = self.config
        if not config.reads_pairs:
            return None
        between = tokenizer.between
        if length - len(between) < 2:
            raise ConfigError(
                f"--block {config.block}: two sentences and the control tokens around them need at "
                f"least {config.block - length + len(between) + 2}"
            )
        settings = PairDrawing(
            config.bitext_sampling,
            config.bitext_temperature,
            config.bitext_hub,
            config.source_limit,
            config.validation_sequences,
            config.seed,
            config.has_targets,
        )
        collection = collect_pairs(self.sources, tokenizer, self.cache, self._digest, settings)
        return PairPlanner(collection, between, length, config.tlm_batch, config.seed)

    def _robust(self, objectives: Objectives, pairs: PairPlanner | None) -> RobustPairs | None:
        """What moves the shares of pairs of languages, where that is asked for."""
        config = self.config
        if config.robust == "none" or pairs is None:
            return None
        learning = [one for one in objectives.text if one.reads == "pairs"]
        return RobustPairs(
            pairs, learning, self.processes, config.steps, config.radius, config.robust_rounds
        )

    def _digest(self, paths: Sequence[Path]) -> str:
        text = " ".join(str(self.record.inputs[str(path)]["sha256"]) for path in paths)
        return hashlib.sha256(text.encode()).hexdigest()

    def _validator(
        self,
        reader: TextReader,
        objectives: Objectives,
        planners: dict[str, Planner],
        pairs: list[TextPairs],
    ) -> Validator:
        config, depth = self.config, reader.model.depth
        layer = config.align_layer if config.pairs_layer is None else config.pairs_layer
        block = resolve_layer(layer, depth)
        return Validator(reader, objectives, planners, pairs, block, self.processes)
