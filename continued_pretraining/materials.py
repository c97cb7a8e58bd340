"""Everything a run works with: tokeniser, tokenised text, model, words, and what reads them."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from continued_pretraining.alignment import Aligner
from continued_pretraining.batch import Frame
from continued_pretraining.config import CORRELATIONS, PretrainConfig
from continued_pretraining.corpus import Sequences, tokenize
from continued_pretraining.embeddings import start_embeddings
from continued_pretraining.masking import MaskRule
from continued_pretraining.memory import at_once, room_for
from continued_pretraining.model import MaskedModel, load_model
from continued_pretraining.occurrences import WordFinder
from continued_pretraining.plan import TextPlanner
from continued_pretraining.processes import Processes
from continued_pretraining.reading import TextReader
from continued_pretraining.sampling import Sampler, apportion
from continued_pretraining.scratch import build_model, parse_shape
from continued_pretraining.sources import find_sources
from continued_pretraining.state_map import StateMap
from continued_pretraining.statistic import Statistic
from continued_pretraining.text import sizes_of
from continued_pretraining.tokenizer import LineTokenizer, load_tokenizer, train_tokenizer
from continued_pretraining.validation import Validator, read_pairs
from continued_pretraining.word_pool import LanguageWords, read_words
from x2static.core.errors import ConfigError, TeacherError
from x2static.core.files import staged
from x2static.core.run_record import RunRecord
from x2static.teacher.encoder import resolve_layer
from x2static.teacher.precision import dtype_of, pick_precision

PREPARED_NAME = "prepared"
_WORD_SEED = 1_000_003  # words are drawn apart from text
_LONGEST_WORD = 20  # pieces, as published


@dataclass
class Materials:
    """What `gather` found and built.

    Attributes:
        tokenizer: cuts text into pieces.
        model: what is trained.
        reader: takes text through it.
        planner: says what text.
        aligner: aligns words, or None.
        validator: measures.
        counts: sizes for the run record.
        resolved: settings that were left open.
        held: pieces whose way through the model fits in memory.
        lines: what there is to say at the start.
        speaks: whether this process says it.
    """

    tokenizer: LineTokenizer
    model: MaskedModel
    reader: TextReader
    planner: TextPlanner
    aligner: Aligner | None
    validator: Validator
    counts: dict[str, Any]
    resolved: dict[str, Any]
    held: int
    lines: list[str] = field(default_factory=list)
    speaks: bool = True

    def say(self, text: str) -> None:
        """Print a line to standard error, in the first process."""
        if self.speaks:
            print(text, file=sys.stderr, flush=True)  # noqa: T201

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
) -> Materials:
    """Load or build everything; the first process prepares files, the others then read them."""
    cache = config.cache_folder or work / PREPARED_NAME
    low = dtype_of(pick_precision(config.precision, processes.device))
    builder = _Builder(config, text, vectors, processes, cache, work, record, low)
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
    processes: Processes
    cache: Path
    work: Path
    record: RunRecord
    low: torch.dtype

    def build(self) -> Materials:
        config = self.config
        tokenizer = self._tokenizer()
        torch.manual_seed(config.seed)
        model = self._model(tokenizer)
        length = self._length(model, tokenizer)
        texts = self._texts(tokenizer, length)
        sampler = Sampler(
            [len(t) for t in texts], config.temperature, config.seed, config.validation_sequences
        )
        rule = MaskRule(config.mask_rate, tokenizer.mask_id, tokenizer.random_ids)
        planner = TextPlanner(texts, sampler, rule, config.mlm_batch, config.seed)
        words = tokenizer.words
        frame = Frame(words.prefix, words.suffix, words.pad_id, model.first_position, self.low)
        budget = config.micro_tokens or at_once(model, config.block)
        aligner = self._aligner(tokenizer, model, frame, budget)
        in_text = aligner is not None and aligner.finders is not None
        block = aligner.block if in_text and aligner is not None else None
        reader = TextReader(model, frame, budget, block, config.sampled_pieces)
        validator = self._validator(reader, planner, aligner, tokenizer)
        counts = self._counts(sampler, texts, tokenizer, aligner)
        materials = Materials(
            tokenizer, model, reader, planner, aligner, validator, counts,
            self._resolved(model, aligner, budget), config.micro_tokens or room_for(model),
            speaks=self.processes.is_first,
        )  # fmt: skip
        materials.lines = self._lines(materials, sampler)
        return materials

    def _tokenizer(self) -> LineTokenizer:
        config = self.config
        if config.from_scratch is None:
            return load_tokenizer(config.model)
        if config.tokenizer is not None:
            return load_tokenizer(config.tokenizer)
        shape = parse_shape(config.from_scratch)
        folder = self.work / "tokenizer"
        if not folder.exists():
            sizes = sizes_of(self.text)
            quotas = apportion(torch.tensor(list(sizes.values())).numpy(), config.temperature)
            shares = dict(zip(sizes, (quotas / quotas.sum()).tolist(), strict=True))
            trained = train_tokenizer(
                self.text, shape.vocabulary, shape.positions, shares, config.lowercase
            )
            with staged(folder) as temporary:
                trained.hugging_face.save_pretrained(temporary)
        return load_tokenizer(str(folder))

    def _model(self, tokenizer: LineTokenizer) -> MaskedModel:
        config, device = self.config, self.processes.device
        if config.from_scratch is None:
            model = load_model(config.model, config.dropout, self.low, device=device)
        else:
            shape = parse_shape(config.from_scratch)
            model = build_model(shape, tokenizer, config.dropout, self.low, device)
            if config.embeddings_from:
                sources = find_sources(config.embeddings_from, "--embeddings-from")
                start_embeddings(model, tokenizer, sources, config.max_words, config.seed)
        rows = int(model.decoder.weight.shape[0])
        if tokenizer.size > rows:
            raise TeacherError(
                f"{config.model}: its tokeniser has ids up to {tokenizer.size - 1}, its model only "
                f"{rows} embeddings; they do not belong together"
            )
        return model

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
            texts.append(Sequences(tokens, self.config.unit, length))
        return texts

    def _digest(self, paths: list[Path]) -> str:
        text = " ".join(str(self.record.inputs[str(path)]["sha256"]) for path in paths)
        return hashlib.sha256(text.encode()).hexdigest()

    def _aligner(
        self, tokenizer: LineTokenizer, model: MaskedModel, frame: Frame, budget: int
    ) -> Aligner | None:
        config = self.config
        if not config.aligns:
            return None
        block = resolve_align_layer(config.align_layer, model.depth)
        limits = (config.max_words, min(_LONGEST_WORD, config.block - frame.size))
        words = [
            read_words(language, paths, tokenizer, self.cache, self._digest(paths), limits)
            for language, paths in self.vectors.items()
        ]
        width = self._common_width(words)
        sampler = Sampler(
            [len(w) for w in words], config.temperature, config.seed + _WORD_SEED,
            config.validation_words,
        )  # fmt: skip
        statistic = Statistic(
            config.loss, self.processes, self._map(model, width), config.components, config.ridge,
            config.contrast,
        )  # fmt: skip
        finders = self._finders(words, tokenizer) if config.words == "context" else None
        return Aligner(
            model, words, sampler, statistic, self.processes, frame, config.pool, block,
            config.align_batch, budget, config.weight, config.seed, finders,
        )  # fmt: skip

    def _common_width(self, words: list[LanguageWords]) -> int:
        widths = {w.language: w.width for w in words}
        if len(set(widths.values())) > 1:
            shown = ", ".join(f"{language} {width}" for language, width in widths.items())
            raise ConfigError(
                f"--vectors: all languages must share one space, but their widths differ: {shown}"
            )
        return words[0].width

    def _map(self, model: MaskedModel, width: int) -> StateMap | None:
        config = self.config
        if config.loss in CORRELATIONS:
            return None
        kind = config.projection
        if kind == "auto":
            kind = "none" if width == model.width else "rotate"
        if kind == "none" and width != model.width:
            raise ConfigError(
                f"--loss {config.loss}: the vectors are {width} wide, the model's states "
                f"{model.width}; use --projection rotate or learn, or --loss dcca"
            )
        return StateMap(kind, model.width, width).to(model.device)

    def _finders(
        self, words: list[LanguageWords], tokenizer: LineTokenizer
    ) -> list[tuple[int, WordFinder] | None]:
        number_of = {w.language: number for number, w in enumerate(words)}
        shared = [language for language in self.text if language in number_of]
        if not shared:
            raise ConfigError(
                "--words context: no language has both text and vectors: --text has "
                f"{', '.join(self.text)}, --vectors {', '.join(number_of)}"
            )
        finders: list[tuple[int, WordFinder] | None] = []
        for language in self.text:
            number = number_of.get(language)
            if number is None:
                finders.append(None)
            else:
                finders.append((number, WordFinder(words[number], tokenizer.begins_word)))
        return finders

    def _validator(
        self,
        reader: TextReader,
        planner: TextPlanner,
        aligner: Aligner | None,
        tokenizer: LineTokenizer,
    ) -> Validator:
        config, depth = self.config, reader.model.depth
        length = config.block - reader.frame.size
        pairs = [read_pairs(path, tokenizer, length) for path in config.validation_pairs]
        layer = config.align_layer if config.pairs_layer is None else config.pairs_layer
        block = resolve_align_layer(layer, depth)
        return Validator(
            reader, list(self.text), planner.held_back(), aligner, pairs, block, self.processes
        )

    def _counts(
        self,
        sampler: Sampler,
        texts: list[Sequences],
        tokenizer: LineTokenizer,
        aligner: Aligner | None,
    ) -> dict[str, Any]:
        counts: dict[str, Any] = {
            "pieces": tokenizer.size,
            "sequences": {name: len(t) for name, t in zip(self.text, texts, strict=True)},
            "sequences_per_epoch": sampler.epoch_size,
        }
        if aligner is not None:
            counts["words"] = {w.language: len(w) for w in aligner.words}
            counts["words_left_out"] = {w.language: w.dropped for w in aligner.words if w.dropped}
        return counts

    def _resolved(self, model: MaskedModel, aligner: Aligner | None, budget: int) -> dict[str, Any]:
        resolved: dict[str, Any] = {
            "device": str(model.device),
            "precision": "bf16" if self.low is torch.bfloat16 else "fp32",
            "processes": self.processes.size,
            "micro_tokens": budget,
            "parameters": sum(p.numel() for p in model.hugging_face.parameters()),
        }
        if aligner is not None:
            resolved |= {"align_layer": aligner.block, "vector_width": aligner.words[0].width}
            if aligner.statistic.map is not None:
                resolved["projection"] = aligner.statistic.map.kind
        return resolved

    def _lines(self, materials: Materials, sampler: Sampler) -> list[str]:
        config, resolved = self.config, materials.resolved
        shares = ", ".join(
            f"{name} {share:.1%}" for name, share in zip(self.text, sampler.shares, strict=True)
        )
        lines = [
            f"model: {resolved['parameters'] / 1e6:.1f}M parameters, {resolved['precision']} on "
            f"{resolved['processes']} x {resolved['device']}",
            f"text: {sampler.epoch_size:,} sequences an epoch ({shares}); "
            f"{config.steps * config.mlm_batch / sampler.epoch_size:.2f} epochs to come",
        ]
        if materials.model.untrained:
            shown = ", ".join(materials.model.untrained[:3])
            lines.append(
                f"warning: {config.model} lacks weights, which begin at random: {shown} ..."
            )
        if materials.aligner is not None:
            counts = ", ".join(f"{w.language} {len(w):,}" for w in materials.aligner.words)
            lines.append(f"words: {counts}, states of layer {materials.aligner.block}")
            missing = sorted(set(self.vectors) - set(self.text))
            if missing:
                lines.append(f"warning: vectors but no text for {', '.join(missing)}")
            dropped = sum(w.dropped for w in materials.aligner.words)
            if dropped:
                lines.append(f"warning: {dropped:,} words without usable pieces or vector left out")
        return lines


def resolve_align_layer(layer: int, depth: int) -> int:
    """The block behind ``--align-layer``: -1 is the last."""
    return resolve_layer(layer, depth)
