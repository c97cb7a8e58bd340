"""Fine-tune each model with each seed, test it on every set, gather the scores; resumable."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.downstream.config import DownstreamConfig
from eval.downstream.finetune import EpochSelector, FineTuning, finetune, seeded
from eval.downstream.freezing import check_freeze, freeze
from eval.downstream.pretrained import Reader, load_reader, model_digest
from eval.downstream.score_tables import ScoreRow, as_data, as_markdown, as_text
from eval.downstream.shelf import Shelf
from eval.downstream.spread import Spread
from eval.downstream.task import FineTunedTask, GoldSet, TokenizedTask
from eval.downstream.training_files import digest_of, place_among
from eval.few import warn_of_few
from x2static.core.errors import Interrupted
from x2static.core.labels import labels_of
from x2static.core.machine.device import pick_device
from x2static.core.messages import say
from x2static.core.outcome import Outcome
from x2static.core.progress import Progress
from x2static.core.scores.intervals import METHOD
from x2static.core.setting import deciding
from x2static.core.storage.files import sha256
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord, plain
from x2static.teacher.load import load_tokenizer
from x2static.teacher.precision import pick_precision

if TYPE_CHECKING:
    import torch

Views = dict[str, TokenizedTask]
"""The task through the eyes of each tokenizer, by the added language that it belongs to."""

_GPU_BUDGET, _CPU_BUDGET = 16384, 2048
# These stand elsewhere in a folder's identity, or add cells to its table without changing one.
_ELSEWHERE = {
    "model", "languages", "seeds", "seed", "device", "precision", "preset", "on_error", "on_unseen",
}  # fmt: skip


@dataclass(frozen=True)
class _Setting:
    """What all fine-tunings of a run share."""

    config: DownstreamConfig
    task: FineTunedTask
    shelf: Shelf
    device: torch.device
    precision: str
    golds: Mapping[str, str]

    @property
    def budget(self) -> int:
        """Pieces to compute at a time."""
        default = _GPU_BUDGET if self.device.type == "cuda" else _CPU_BUDGET
        return self.config.batch_pieces or default


def evaluate(task: FineTunedTask, config: DownstreamConfig) -> Outcome:
    """Run a downstream evaluation and gather its tables."""
    files = [path for gold in task.sets for path in gold.about.paths]
    inputs = [*config.training.values(), *([config.dev] if config.dev else []), *files]
    outputs = _claimed(task, config, inputs)
    record = RunRecord(task.command, config, inputs)
    device = pick_device(config.device)
    precision = pick_precision(config.precision, device, on_cpu=False)
    labels = labels_of(config.model)
    tokenizers = [load_tokenizer(name) for name in config.model]  # the cheap faults come first
    for name in config.model:
        check_freeze(config.freeze, name)
    golds = {_key(gold): _digest(gold) for gold in task.sets}
    if config.output is None:
        _say("note: nothing is kept of an interrupted run; --output FOLDER keeps what is finished")
    with Shelf(
        config.output, task.command, resume=config.resume, overwrite=config.overwrite
    ) as shelf:
        digests = {
            label: model_digest(name) for label, name in zip(labels, config.model, strict=True)
        }
        shelf.claim(_identity(config, task, device, precision), digests)
        setting = _Setting(config, task, shelf, device, precision, golds)
        rows: list[ScoreRow] = []
        try:
            for label, name, tokenizer in zip(labels, config.model, tokenizers, strict=True):
                rows += _test_model(setting, label, name, tokenizer)
        except KeyboardInterrupt as error:
            hint = f"kept in {config.output}; resume with the same command and --resume"
            where = (
                f"finished parts are {hint}" if config.output else "nothing was kept (no --output)"
            )
            raise Interrupted(where) from error
        record.notes = {
            "resolved": {"device": str(device), "precision": precision},
            "models": digests,
        }
        few = warn_of_few((f"{row.set}, {row.language}", *row.items) for row in rows)
        data = {**as_data(rows), "intervals": METHOD, "warnings": few, "run": record.as_dict()}
        data["learned"] = task.learned
        markdown = as_markdown(rows)
        shelf.finish(data, markdown)
    if config.markdown is not None:
        with outputs.together() as batch:
            with batch.stage(config.markdown) as temporary:
                temporary.write_text(markdown, encoding="utf-8", errors="backslashreplace")
            batch.record(record, config.markdown)
    return Outcome(as_text(rows), data)


def _claimed(task: FineTunedTask, config: DownstreamConfig, inputs: Sequence[Path]) -> Outputs:
    """The right to the tables, and to the folder, which the shelf looks after."""
    outputs = Outputs(task.command, inputs=[*inputs, *config.model], overwrite=config.overwrite)
    if config.output is not None:
        if config.overwrite:
            outputs.protect(config.output)
        Shelf(config.output, task.command, overwrite=config.overwrite).check()
    if config.markdown is not None:
        outputs.claim(
            config.markdown, "--markdown", is_folder=False, renews=True, remedy="remove it yourself"
        )
    return outputs


def _test_model(setting: _Setting, label: str, name: str, tokenizer: Any) -> list[ScoreRow]:
    config, task = setting.config, setting.task
    prepared: Views = {}  # made once, when the first fine-tuning needs them
    seeds = range(config.seed, config.seed + config.seeds)
    found = [_test_seed(setting, label, name, tokenizer, seed, prepared) for seed in seeds]
    rows = []
    for gold in task.sets:
        scores = [by_set[_key(gold)] for by_set in found]
        spreads = {metric: Spread(tuple(one[metric] for one in scores)) for metric in scores[0]}
        trained = place_among(config.training, gold.about.language)
        rows.append(
            ScoreRow(label, gold.about.name, gold.about.label, trained, spreads, gold.counts)
        )
    return rows


def _test_seed(
    setting: _Setting,
    label: str,
    name: str,
    tokenizer: Any,
    seed: int,
    prepared: Views,
) -> dict[str, dict[str, float]]:
    """Scores of each test set, read from the shelf or computed."""
    shelf, task = setting.shelf, setting.task
    found: dict[str, dict[str, float]] = {}
    missing: list[GoldSet] = []
    for gold in task.sets:
        scores = shelf.scores(label, seed, _key(gold), setting.golds[_key(gold)])
        if scores is None:
            missing.append(gold)
        else:
            found[_key(gold)] = scores
    if missing or (setting.config.keep_models and shelf.model(label, seed) is None):
        reader = _fine_tuned(setting, label, name, tokenizer, seed, prepared)
        reader.model.eval()
        for gold in missing:
            reader.speak(gold.about.language)
            what = f"{label}, seed {seed}, {_key(gold)}"
            report = _view(setting, label, reader, prepared).examine(reader, gold, what)
            shown = ", ".join(f"{k} {100 * v:.2f}" for k, v in report.scores.items())
            _say(f"{what}: {shown}")
            shelf.keep(
                label,
                seed,
                _key(gold),
                setting.golds[_key(gold)],
                report.scores,
                report.predictions,
                report.kind,
            )
            found[_key(gold)] = report.scores
    if not setting.config.keep_models:
        shelf.drop_model(label, seed)
    return found


def _fine_tuned(
    setting: _Setting,
    label: str,
    name: str,
    tokenizer: Any,
    seed: int,
    prepared: Views,
) -> Reader:
    """The model of a seed: from the shelf where an earlier run left it, else fine-tuned now."""
    config, task = setting.config, setting.task
    tags = task.tags
    kept = setting.shelf.model(label, seed)
    with seeded(seed, setting.device):  # the head's start is drawn here
        reader = load_reader(
            name, task.head, tokenizer, setting.device, len(tags) if tags else None, kept
        )
    if kept:
        return reader
    if tags is not None:
        reader.model.config.id2label = dict(enumerate(tags))
        reader.model.config.label2id = {tag: number for number, tag in enumerate(tags)}
    for gold in task.sets:  # before anything is learned
        reader.speak(gold.about.language)
    reader.learn_in(list(config.training))
    tokenized = _view(setting, label, reader, prepared)
    reader.freeze_languages([gold.about.language for gold in task.sets])
    freeze(reader, config.freeze, label)
    updates = config.recipe.updates(len(tokenized.rows))
    if updates < config.recipe.warmup and seed == config.seed:
        _say(
            f"--warmup {config.recipe.warmup}: this course has {updates} updates only, so the "
            "learning rate ends before its peak"
        )
    if len(task.learned) > 1 and seed == config.seed:
        _say("learning from " + ", ".join(f"{n:,} of {code}" for code, n in task.learned.items()))
    course = FineTuning(
        config.recipe, seed, setting.precision, setting.budget, task.loss_of, task.weight_of
    )
    selector = (
        EpochSelector(tokenized.dev_rows, lambda: tokenized.examine_dev(reader))
        if config.dev
        else None
    )
    total = config.epochs * len(tokenized.rows)
    with Progress(f"{label}, seed {seed}, fine-tuning", total, "inputs") as progress:
        finetune(reader, tokenized.rows, course, progress, selector)
    reader.speaker.speak(None)  # a kept model has its own vocabulary; languages lie beside the base
    setting.shelf.keep_model(label, seed, reader.model, tokenizer)
    return reader


def _view(setting: _Setting, label: str, reader: Reader, prepared: Views) -> TokenizedTask:
    """The task in the pieces of the language that a model reads in."""
    config, code = setting.config, reader.vocabulary
    if code not in prepared:
        limit = min(config.max_pieces, reader.max_pieces)
        if limit < config.max_pieces and not prepared:
            _say(f"{label} reads {limit} pieces at most; --max-pieces {config.max_pieces} is cut")
        prepared[code] = setting.task.tokenized(
            reader.tokenizer, limit, setting.budget, setting.precision
        )
    return prepared[code]


def _key(gold: GoldSet) -> str:
    return f"{gold.about.name}.{gold.about.label}"


def _digest(gold: GoldSet) -> str:
    return " ".join(sha256(path) for path in gold.about.paths)


def _identity(
    config: DownstreamConfig, task: FineTunedTask, device: torch.device, precision: str
) -> dict[str, Any]:
    settings = deciding(type(config), dataclasses.asdict(config))
    identity = {name: v for name, v in plain(settings).items() if name not in _ELSEWHERE}
    return {
        "command": task.command,
        **identity,
        "train_language": " ".join(config.training),
        "train": digest_of(config.training),
        "dev": sha256(config.dev) if config.dev else None,
        "device": device.type,
        "precision": precision,
    }


def _say(text: str) -> None:
    say(text)
