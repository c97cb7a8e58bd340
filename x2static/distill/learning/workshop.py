"""A method's tools: passes over the corpus that can be killed and resumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from x2static.core.errors import CorpusError, OutputError
from x2static.core.messages import say
from x2static.core.neighbors import top_k
from x2static.core.storage.checkpoint import CheckpointFolder
from x2static.core.storage.lock import FolderLock
from x2static.distill.config import DistillConfig
from x2static.distill.learning.course import (
    Course,
    CourseCounts,
    LiveReader,
    Reader,
    fill_store,
)
from x2static.distill.learning.learners import Learner
from x2static.distill.learning.materials import Ingredients, content_key
from x2static.distill.readings.plan import PoolPlanner
from x2static.distill.readings.store import ReadingStore, has_room, store_bytes

if TYPE_CHECKING:
    import torch

_SHOWN_WORDS, _SAMPLED_WORDS = 4, 20_000


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
    materials: Ingredients
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
        planner: PoolPlanner,
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
            say(complaint)
        learner = make(found.tensors if found else None)
        counts = CourseCounts(**found.position["counts"]) if found else CourseCounts()
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


def require_contexts(config: DistillConfig, number: torch.Tensor) -> None:
    """Raise `CorpusError` if no word has met a context, of which there were ``number``."""
    if not int(number):
        raise CorpusError(
            f"{config.corpus}: no word has a context to learn from; its sentences need two "
            "words or more, and --threshold 0 keeps every occurrence of a small corpus"
        )
