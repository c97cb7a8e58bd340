"""What is measured on text, words and pairs that training never sees, always the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from continued_pretraining.model.pooling import pool_states
from continued_pretraining.model.reading import TextReader
from continued_pretraining.objectives.masked_lm import MaskedLM
from continued_pretraining.objectives.word_alignment.alignment import Aligner
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import Ids, micro_batches
from continued_pretraining.text.plan import TextShare
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.bitext import read_tabbed
from x2static.core.errors import DatasetError
from x2static.core.labels import labels_of


@dataclass(frozen=True)
class TextPairs:
    """Translations to be retrieved.

    Attributes:
        name: what they are called in the log.
        source: ids of each text.
        target: ids of its translation.
        num_cut: texts and translations that were longer than the model reads.
    """

    name: str
    source: list[Ids]
    target: list[Ids]
    num_cut: int = 0


def read_all_pairs(
    paths: Sequence[Path], tokenizer: LineTokenizer, longest: int
) -> list[TextPairs]:
    """Read each file; its name has as many parents as tell it from the others."""
    names = labels_of([str(path.with_suffix("")) for path in paths])
    return [
        read_pairs(path, name, tokenizer, longest) for path, name in zip(paths, names, strict=True)
    ]


def read_pairs(path: Path, name: str, tokenizer: LineTokenizer, longest: int) -> TextPairs:
    """Read ``text TAB translation`` lines; texts are cut to ``longest`` pieces.

    Raises:
        DatasetError: a line without exactly one tab, or fewer than two pairs.
    """
    pairs = read_tabbed(path)
    if len(pairs) < 2:
        raise DatasetError(f"{path}: {len(pairs)} pairs; two or more are needed to choose among")
    unknown = int(tokenizer.hugging_face.unk_token_id or 0)
    whole = [list(tokenizer.encode(side)) for side in (pairs.source, pairs.target)]
    cut = [[np.array(ids[:longest] or [unknown], dtype=np.int64) for ids in side] for side in whole]
    num_cut = sum(len(ids) > longest for side in whole for ids in side)
    return TextPairs(name, cut[0], cut[1], num_cut)


@dataclass(frozen=True)
class Verdict:
    """Figures of one validation.

    Attributes:
        mlm: loss on held-back sequences with fixed masks; None where there are none.
        by_language: the same for each language.
        alignment: alignment loss on held-back words; None where there are none.
        above_chance: of dcca and dgcca: 0 for unrelated words and vectors, 1 where they determine
            each other.
        pairs: share of texts whose translation is nearest, both directions, for each file.
    """

    mlm: float | None
    by_language: dict[str, float] = field(default_factory=dict)
    alignment: float | None = None
    pairs: dict[str, float] = field(default_factory=dict)
    above_chance: float | None = None

    def score(self, choose: str, weight: float, first: Verdict | None) -> float:
        """What the choice of a checkpoint goes by; more is better.

        ``mlm`` and ``objective`` go by the losses themselves. ``pairs`` is the mean share of
        translations found, less the relative rise of the MLM loss since the first validation.
        """
        mlm = self.mlm or 0.0
        if choose == "pairs":
            before = first.mlm if first is not None and first.mlm else mlm
            rise = max(0.0, mlm / before - 1) if before else 0.0
            return sum(self.pairs.values()) / len(self.pairs) - rise
        return -(mlm + (weight * (self.alignment or 0.0) if choose == "objective" else 0.0))

    def line(self) -> str:
        """The figures for a person."""
        parts = [] if self.mlm is None else [f"MLM loss {self.mlm:.4f}"]
        if len(self.by_language) > 1:
            shown = ", ".join(f"{name} {loss:.2f}" for name, loss in self.by_language.items())
            parts[-1] += f" ({shown})"
        parts += [] if self.alignment is None else [f"alignment {self.alignment:.4f}"]
        if self.above_chance is not None:
            parts[-1] += f" (above chance {self.above_chance:.0%})"
        parts += [f"{name} {share:.1%}" for name, share in self.pairs.items()]
        return ", ".join(parts)


@dataclass
class Validator:
    """Measures a model as it is.

    Attributes:
        reader: takes text through it.
        masked_lm: the loss on text.
        languages: their names.
        share: held-back sequences.
        aligner: holds held-back words; None without an alignment loss.
        pairs: translations to retrieve.
        block: whose states encode these.
        processes: those that share the work.
    """

    reader: TextReader
    masked_lm: MaskedLM
    languages: Sequence[str]
    share: TextShare
    aligner: Aligner | None
    pairs: Sequence[TextPairs]
    block: int
    processes: Processes

    def lacks(self, choose: str) -> str:
        """What a choice goes by but too little text or too few words left to hold back; or ""."""
        if choose in ("mlm", "objective") and not self.share.original:
            return "sequences"
        words = None if self.aligner is None else self.aligner.sampler.held_back()
        return "words" if choose == "objective" and words is not None and len(words) < 2 else ""

    def measure(self) -> Verdict:
        """All figures, the same in every process; dropout is off meanwhile."""
        model = self.reader.model.hugging_face
        was_training = model.training
        model.eval()
        try:
            with torch.no_grad():
                mlm, by_language = self._mlm()
                held = None if self.aligner is None else self.aligner.held_back()
                pairs = {pair.name: self._retrieve(pair) for pair in self.pairs}
        finally:
            model.train(was_training)
        loss, chance = (None, None) if held is None else held
        return Verdict(mlm, by_language, loss, pairs, None if chance is None else chance.above)

    def _mlm(self) -> tuple[float | None, dict[str, float]]:
        size = len(self.languages)
        losses = torch.zeros(size, dtype=torch.float64)
        counts = torch.zeros(size, dtype=torch.float64)
        for language in range(size):
            rows = np.flatnonzero(self.share.languages == language)
            share = self.share.chosen(rows[self.processes.share(len(rows))])
            counts[language] = share.num_guessed
            for batch in self.reader.batches(share):
                states, _ = self.reader.states(batch)
                losses[language] += (
                    self.masked_lm.loss_sum(share, batch, states, None).double().cpu()
                )
        device = self.reader.model.device
        losses, counts = (self.processes.sum(x.to(device)).cpu() for x in (losses, counts))
        if not counts.sum():
            return None, {}
        found = {
            name: float(loss / count)
            for name, loss, count in zip(self.languages, losses, counts, strict=True)
            if count
        }
        return float(losses.sum() / counts.sum()), found

    def _retrieve(self, pair: TextPairs) -> float:
        source, target = self._encode(pair.source), self._encode(pair.target)
        cosines = source @ target.T
        gold = torch.arange(len(cosines), device=cosines.device)
        forward = (cosines.argmax(dim=1) == gold).double().mean()
        backward = (cosines.argmax(dim=0) == gold).double().mean()
        return float((forward + backward) / 2)

    def _encode(self, texts: Sequence[Ids]) -> Tensor:
        """(N, D) unit means of the states of each text's pieces, in the order of the texts."""
        size = self.processes.size
        own = texts[self.processes.share(len(texts))]
        states = torch.zeros(len(own), self.reader.model.width, device=self.reader.model.device)
        model = self.reader.model
        for batch in micro_batches(own, self.reader.frame, self.reader.budget, model.device):
            found = pool_states(model.states_up_to(batch, self.block), batch, "pieces")
            states[torch.from_numpy(batch.members).to(states.device)] = found
        counts = [len(range(rank, len(texts), size)) for rank in range(size)]
        gathered = self.processes.gather_rows(states, counts)
        order = np.concatenate([np.arange(rank, len(texts), size) for rank in range(size)])
        ordered = torch.empty_like(gathered)
        ordered[torch.from_numpy(order).to(gathered.device)] = gathered
        return torch.nn.functional.normalize(ordered, dim=1)
