"""The ways from the teacher's states to one vector per word, in passes over the corpus."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import CorpusError, OutputError
from x2static.core.neighbors import top_k
from x2static.core.storage.checkpoint import CheckpointFolder
from x2static.core.storage.lock import FolderLock
from x2static.distill.config import DistillConfig
from x2static.distill.learning.balance import Balance
from x2static.distill.learning.closed_form import (
    OWN_TO_CONTEXT,
    Blend,
    ClosedFormLearner,
    fresh_sums,
)
from x2static.distill.learning.convergence import Convergence
from x2static.distill.learning.course import (
    MOST_EPOCHS,
    Counts,
    Course,
    LiveReader,
    Reader,
    fill_store,
)
from x2static.distill.learning.finishing import even_out, smooth
from x2static.distill.learning.held_out import HeldOut, choose_held_out
from x2static.distill.learning.learners import Learner, SampledLearner, mean_learner
from x2static.distill.learning.materials import Materials, content_key
from x2static.distill.learning.table import StaticTable, initial_table
from x2static.distill.readings.plan import Planner
from x2static.distill.readings.store import ReadingStore, has_room, store_bytes
from x2static.distill.readings.vocabulary import NegativeSampler, keep_probability

if TYPE_CHECKING:
    import torch

Matrix = NDArray[np.float32]
_SHOWN_WORDS, _SAMPLED_WORDS = 4, 20_000
_FEWEST_TARGETS = 50  # fewer tell nothing about when to stop
_EPOCHS_UNJUDGED = 10


@dataclass
class Workshop:
    """A method's tools: settings, materials, and the folder for what must survive a kill.

    Attributes:
        config: the settings.
        materials: corpus, vocabulary, teacher.
        folder: the run's own folder.
        resume_hint: how the user goes on after an interruption.
        counts: what went through each pass, for the run record.
    """

    config: DistillConfig
    materials: Materials
    folder: Path
    resume_hint: str
    counts: dict[str, Any] = field(default_factory=dict)

    def live_reader(self) -> LiveReader:
        """The teacher as a reader of pools."""
        return LiveReader(self.materials.teacher, self.materials.token_budget(self.config))

    @contextmanager
    def corpus_reader(self, passes: int, *, with_own: bool) -> Iterator[Reader]:
        """The teacher for one pass; for several, its readings kept on disk if they fit."""
        if not self._wants_store(passes, with_own=with_own):
            yield self.live_reader()
            return
        shared = self.config.cache_folder
        folder = self.folder / "readings"
        if shared is not None:
            with_own = True  # so that any later run finds what it needs
            folder = shared / content_key(self.config, self.materials, with_own=with_own)
        teacher = self.materials.teacher
        layers = teacher.num_layers if with_own else 0
        with FolderLock(folder):
            specials = len(teacher.pieces.prefix) + len(teacher.pieces.suffix)
            store = ReadingStore(folder, teacher.width, specials, layers=layers)
            fill_store(
                store,
                self.materials.planner(self.config),
                self.live_reader(),
                with_own=with_own,
                resume_hint=self.resume_hint,
            )
            yield lambda pool, _with_own: store.read(pool, teacher.device)

    def _wants_store(self, passes: int, *, with_own: bool) -> bool:
        if self.config.cache == "off":
            return False
        materials = self.materials
        needed = store_bytes(
            materials.num_learnable,
            materials.parts.num_sentences,
            materials.teacher.width,
            layers=materials.teacher.num_layers if with_own else 0,
        )
        if has_room(self.config.cache_folder or self.folder, needed):
            return passes > 1 or self.config.cache == "on"
        if self.config.cache == "on":
            raise OutputError(
                f"{self.folder}: the readings need {needed / 1e9:.1f} GB and the disk has less to "
                "spare; free some, put them elsewhere with --cache-folder, or use --cache off"
            )
        return False

    def learn(
        self,
        name: str,
        planner: Planner,
        keep: NDArray[np.float64] | None,
        epochs: int,
        reader: Reader,
        make: Callable[[Mapping[str, torch.Tensor] | None], Learner],
        *,
        is_last: bool = True,
    ) -> Learner:
        """One pass (of some epochs), gone on with from its last checkpoint if there is one.

        Args:
            name: of the pass, for its checkpoints and counts.
            planner: cuts what is read into pools.
            keep: chance of an occurrence to be a target, or None.
            epochs: times everything is read.
            reader: where readings come from.
            make: a learner from saved tensors, or a fresh one from None.
            is_last: whether the result is written out right after; else it is checkpointed.
        """
        checkpoints = CheckpointFolder(self.folder / f"checkpoints-{name}")
        found, complaints = checkpoints.load()
        for complaint in complaints:
            print(complaint, file=sys.stderr)  # noqa: T201
        learner = make(found.tensors if found else None)
        counts = Counts(**found.position["counts"]) if found else Counts()
        course = Course(
            label=name,
            planner=planner,
            keep=keep,
            epochs=epochs,
            checkpoints=checkpoints,
            checkpoint_seconds=60 * self.config.checkpoint_minutes,
            resume_hint=self.resume_hint,
            sample=self.sample,
            counts=counts,
        )
        course.run(learner, reader, found.position["pools"] if found else 0, save_end=not is_last)
        self.counts[name] = vars(course.counts)
        return learner

    def sample(self, learner: Learner) -> str:
        """The neighbours of a few words as the vectors stand."""
        words = self.materials.vocabulary.words[:_SAMPLED_WORDS]
        matrix = learner.matrix(len(words))
        shown = [row for row in range(len(words)) if len(words[row]) > 3 and words[row].isalpha()]
        shown = shown[len(shown) // 50 :: max(1, len(shown) // 10)][:_SHOWN_WORDS]
        near, _ = top_k(matrix[shown], matrix, 5)
        lists = (
            f"{words[row]}: {' '.join(words[other] for other in others if other != row)}"
            for row, others in zip(shown, near, strict=True)
        )
        return "neighbours so far: " + "; ".join(lists)


def distill_contexts(shop: Workshop) -> Matrix:
    """X2Static: from the contexts of each word, by the chosen solver."""
    return {"sampled": distill_sampled, "closed": distill_closed}[shop.config.solver](shop)


def distill_closed(shop: Workshop) -> Matrix:
    """The context objective in closed form, in one pass."""
    config, teacher, size = shop.config, shop.materials.teacher, len(shop.materials.vocabulary)
    blend = Blend(
        own_weight=config.own_weight,
        context_weight=config.context_weight,
        lower_weight=config.lower_weight,
        mean_share=config.mean_share,
        ridge=config.ridge,
        kind=config.context,
        specials=config.specials,
    )
    layers = 2 if teacher.lower is not None and config.reads_lower else 1

    def make(saved: Mapping[str, torch.Tensor] | None) -> ClosedFormLearner:
        if saved is None:
            halves = config.own_weight is None
            sums = fresh_sums(size, teacher.width, layers, teacher.device, with_halves=halves)
            return ClosedFormLearner(blend, sums)
        return ClosedFormLearner(blend, {k: v.to(teacher.device) for k, v in saved.items()})

    with shop.corpus_reader(1, with_own=True) as reader:
        planner = shop.materials.planner(config)
        learner = shop.learn("learning", planner, None, 1, reader, make)
    _require_contexts(config, learner.state()["met"].sum())
    matrix = learner.finish()
    if isinstance(learner, ClosedFormLearner) and learner.balance is not None:
        _report_balance(shop, learner.balance)
    del learner  # its sums make room
    if config.evenness:
        matrix = even_out(matrix, config.evenness)
    return smooth(matrix, shop.materials.vocabulary.counts, config.smoothing, teacher.device)


def _report_balance(shop: Workshop, balance: Balance) -> None:
    own = OWN_TO_CONTEXT * balance.ratio
    shop.counts["learning"] |= {"balance": balance.report()}
    basis = (
        f"measured on {balance.words:,} words" if balance.words else "too little text to measure"
    )
    print(  # noqa: T201
        f"own states {own:.2f} to {shop.config.context_weight:g} of the contexts ({basis})",
        file=sys.stderr,
    )


def distill_sampled(shop: Workshop) -> Matrix:
    """The table trained against contexts and sampled words."""
    config, materials = shop.config, shop.materials
    vocabulary, teacher = materials.vocabulary, materials.teacher
    sampler = NegativeSampler(vocabulary.counts, config.negative_power)
    keep = keep_probability(vocabulary.counts, config.threshold)
    with shop.corpus_reader(config.epochs or MOST_EPOCHS, with_own=_needs_own(config)) as reader:
        held_out = _hold_out(shop, keep, sampler, reader)
        planner = materials.planner(config, held_out.sentences if held_out else None)

        def make(saved: Mapping[str, torch.Tensor] | None) -> SampledLearner:
            if saved is None:
                start = initial_table(len(vocabulary), teacher.width, config.seed)
                table = StaticTable(start.to(teacher.device), config.learning_rate)
            else:
                table = StaticTable.restored(saved, config.learning_rate, teacher.device)
            convergence = Convergence(held_out.loss, saved) if held_out else None
            return SampledLearner(table, sampler, config, convergence)

        epochs = config.epochs if held_out or config.epochs else _EPOCHS_UNJUDGED
        learner = shop.learn("learning", planner, keep, epochs, reader, make)
    _require_contexts(config, learner.state()["step"][0])
    if isinstance(learner, SampledLearner) and learner.convergence is not None:
        shop.counts["learning"] |= learner.convergence.report()
    return learner.finish()


def _hold_out(
    shop: Workshop, keep: NDArray[np.float64], sampler: NegativeSampler, reader: Reader
) -> HeldOut | None:
    """What judges when to stop; None if the epochs are set, or if there is too little text."""
    config, materials = shop.config, shop.materials
    if config.epochs:
        return None
    sentences = choose_held_out(materials.parts, config.held_out, config.seed)
    held_out = HeldOut.drawn(
        materials.planner(config), sentences, keep, sampler, config, lambda p: reader(p, True)
    )
    if held_out.num_targets >= _FEWEST_TARGETS:
        return held_out
    print(  # noqa: T201
        f"only {held_out.num_targets} targets could be held out, too few to judge when to stop: "
        f"{_EPOCHS_UNJUDGED} epochs",
        file=sys.stderr,
    )
    return None


def _needs_own(config: DistillConfig) -> bool:
    return config.context == "exclude"


def _require_contexts(config: DistillConfig, number: torch.Tensor) -> None:
    if not int(number):
        raise CorpusError(
            f"{config.corpus}: no word has a context to learn from; its sentences need two "
            "words or more, and --threshold 0 keeps every occurrence of a small corpus"
        )


def distill_aggregate(shop: Workshop) -> Matrix:
    """Bommasani et al. 2020: the mean over a word's occurrences of the mean of its own pieces."""
    config, counts = shop.config, shop.materials.vocabulary.counts
    keep = np.minimum(1.0, config.max_occurrences / counts) if config.max_occurrences else None
    with shop.corpus_reader(1, with_own=True) as reader:
        planner = shop.materials.planner(config)
        return shop.learn("aggregating", planner, keep, 1, reader, _mean_maker(shop)).finish()


def distill_decontextual(shop: Workshop) -> Matrix:
    """Each word alone through the teacher, the mean of its own pieces."""
    planner = shop.materials.word_planner(shop.config)
    reader = shop.live_reader()
    return shop.learn("words alone", planner, None, 1, reader, _mean_maker(shop)).finish()


METHODS: dict[str, Callable[[Workshop], Matrix]] = {
    "x2static": distill_contexts,
    "aggregate": distill_aggregate,
    "decontextual": distill_decontextual,
}


def _mean_maker(shop: Workshop) -> Callable[[Mapping[str, torch.Tensor] | None], Learner]:
    return mean_learner(shop.materials.teacher, len(shop.materials.vocabulary))
