"""``x2static extend``: a tokenizer, a start, training of what is the language's own, one file.

The training is `pretrain`'s, in a folder beside the output: this stage hands it a model whose
vocabulary is the new one, has it train words and positions (and modules) alone, and takes these out
of what it wrote.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from x2static.commands import COMMANDS, load
from x2static.core.config import configured
from x2static.core.errors import ConfigError, CorpusError, Interrupted, WorkbenchError, require
from x2static.core.languages.language import same_language
from x2static.core.languages.script import script_share
from x2static.core.outcome import Outcome
from x2static.core.progress import format_seconds
from x2static.core.setting import deciding
from x2static.core.storage.files import sha256, staged
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.resumable import Resumable
from x2static.core.storage.run_record import RunRecord
from x2static.core.storage.work_folder import WorkFolder
from x2static.core.text.corpus import iter_sentences
from x2static.extend.config import ExtendConfig
from x2static.extend.output import copy_base, copy_languages, megabytes
from x2static.teacher.added.places import FOLDER, added_languages, find_added

_START, _TRAINED, _CURVE = "start", "trained", "curve.jsonl"
_JUDGED_LINES = 2000


def extend(config: ExtendConfig) -> Outcome:
    """Add a language to a model and write both."""
    for library in ("torch", "transformers", "accelerate"):
        require(library, "pretrain", "adding a language")
    inputs = [*config.text, *[path for _, path in config.named_vectors()]]
    inputs += [config.lexicon] if config.lexicon else []
    place = Resumable(
        "extend",
        config.output,
        inputs=[*inputs, config.model, config.tokenizer],
        resume=config.resume,
        overwrite=config.overwrite,
    )
    record = RunRecord("extend", config, inputs)
    identity = _identity(record)
    if (past := place.finished(identity)) is not None:
        return Outcome(f"{config.output}: done before, nothing to do", past)
    record.notes["identity"] = identity
    _check(config)
    with place.entered() as work:
        if not place.is_fresh:
            work.claim(identity)
        try:
            outcome = Extension(config, record, place.outputs, work, identity).run()
        except WorkbenchError as error:
            kept = any(work.path.glob(f"{_TRAINED}.unfinished/checkpoints/*"))
            if not kept and not isinstance(error, Interrupted):
                work.clear()  # the same command would end in the same line
            raise
        if not outcome.data.get("stopped"):
            work.clear()
    return outcome


@dataclass
class Extension:
    """A run from its settings to its output.

    Attributes:
        config: the settings.
        record: what the run notes about itself.
        outputs: where it may write.
        folder: where it lives until it is done.
        identity: what makes it this run.
    """

    config: ExtendConfig
    record: RunRecord
    outputs: Outputs
    folder: WorkFolder
    identity: dict[str, Any]

    def run(self) -> Outcome:
        """Make the start unless an earlier part of the run has, train, write."""
        start = self.folder.path / _START
        if not (start / "start.json").exists():
            with staged(start, own=True) as temporary:
                temporary.mkdir()
                notes = self._start(temporary)
                (temporary / "start.json").write_text(json.dumps(notes), encoding="utf-8")
        self.folder.claim(self.identity)
        notes = json.loads((start / "start.json").read_text(encoding="utf-8"))
        own = ("words", "positions", "modules") if notes.pop("modular") else ("words", "positions")
        trained = load(COMMANDS["pretrain"].stage)(self._training(start, own))
        if trained.data.get("stopped"):
            return Outcome(trained.text, trained.data)
        self.record.counts = notes
        return self._write(trained.data)

    def _start(self, place: Path) -> dict[str, Any]:
        from x2static.extend.new_tokenizer import new_tokenizer
        from x2static.extend.one_space import into_one_space
        from x2static.extend.start_model import give_module, load_base, start_rows, with_room
        from x2static.teacher.loading.hugging_face import position_limit
        from x2static.teacher.loading.model_folder import save_model
        from x2static.teacher.modules import separates

        config = self.config
        model, own = load_base(config.model)
        model = with_room(config, model)
        tokenizer = new_tokenizer(config, own, position_limit(model, own))
        vectors = config.named_vectors()[1][1] if config.vectors else None
        if modular := separates(model) or bool(config.modules):
            give_module(model, config.language, config.seed)
        if config.init == "aligned":
            with tempfile.TemporaryDirectory(dir=place.parent) as folder:
                vectors = into_one_space(config, Path(folder))
                notes = start_rows(config, model, own, tokenizer, vectors)
        else:
            notes = start_rows(config, model, own, tokenizer, vectors)
        save_model(model, tokenizer, place)
        return notes | {"modular": modular}

    def _training(self, start: Path, own: tuple[str, ...]) -> Any:
        """The settings of `pretrain` for the start, of which the given parts learn."""
        config = self.config
        return configured(
            load(COMMANDS["pretrain"].config),
            text=tuple(f"{config.language}={path}" for path in config.text),
            output=self.folder.path / _TRAINED, model=str(start), loss="none",
            learn=own, resume=True, mlm_batch=config.batch,
            choose="mlm" if config.validation_sequences else "last",
            **{
                name: getattr(config, name)
                for name in (
                    "steps", "block", "unit", "mask_rate", "learning_rate", "warmup",
                    "weight_decay", "validate_every", "validation_sequences", "micro_tokens",
                    "device", "precision", "log_every", "checkpoint_minutes", "seed",
                )
            },
        )  # fmt: skip

    def _write(self, training: dict[str, Any]) -> Outcome:
        from x2static.extend.start_model import load_base
        from x2static.teacher.added.language_file import taken_from

        config, trained = self.config, self.folder.path / _TRAINED
        model, _ = load_base(str(trained))
        language = taken_from(model, config.language)
        own = sum(tensor.numel() for tensor in language.tensors.values())
        self.record.counts |= {
            "trained_weights": own,
            "model_weights": sum(parameter.numel() for parameter in model.parameters()),
            "updates": training["counts"]["updates"],
        }
        keep = ("resolved", "training_seconds", "first_validation", "chosen", "script")
        self.record.notes["training"] = {name: training[name] for name in keep if name in training}
        replaced = find_added(config.model, config.language)
        others = [one for one in added_languages(config.model).values() if one != replaced]
        with self.outputs.together() as batch:
            with batch.stage(config.output) as temporary:
                temporary.mkdir()
                copy_base(config.model, temporary, modular=bool(config.modules))
                copy_languages(others, temporary)
                path = temporary / FOLDER / f"{config.language}.safetensors"
                language.write(path)
                sizes = {"base": megabytes(temporary), "language": megabytes(path)}
                self.record.counts["megabytes"] = sizes
                self._write_beside(path.with_name(config.language), trained)
            batch.record(self.record, config.output)
        return self._outcome(sizes)

    def _write_beside(self, place: Path, trained: Path) -> None:
        """The tokenizer, the learning curve and the record of the language."""
        place.mkdir()
        for path in sorted(trained.iterdir()):
            if "token" in path.name or path.name == _CURVE:
                shutil.copyfile(path, place / path.name)
        self.record.write(place / "run.json")

    def _outcome(self, sizes: dict[str, float]) -> Outcome:
        data = self.record.as_dict()
        training = data["training"]
        before = (training.get("first_validation") or {}).get("mlm")
        after = (training["chosen"].get("validation") or {}).get("mlm")
        losses = f"MLM loss {before:.3f} before, {after:.3f} after, " if before and after else ""
        text = (
            f"{self.config.output}: {self.config.language} added, {losses}{sizes['language']} MB "
            f"beside {sizes['base']} MB, in {format_seconds(training['training_seconds'])}"
        )
        return Outcome(text, data)


def _check(config: ExtendConfig) -> None:
    """What can be known to fail before anything is made.

    Raises:
        ConfigError: the model has the language already.
        CorpusError: the text is empty, cannot be read, or is in another writing.
    """
    found = find_added(config.model, config.language)
    if found is not None and not config.replace:
        raise ConfigError(
            f"--language {config.language}: {config.model} has it already ({found.path}); pass "
            "--replace to make it anew"
        )
    if found is None and (module := own_module(config.model, config.language)) is not None:
        raise ConfigError(
            f"--language {config.language}: {config.model} was trained with it, as its module "
            f"{module}; go on with x2static pretrain --text {config.language}=FILE"
        )
    for path in config.text:
        lines = list(islice(iter_sentences(path), _JUDGED_LINES))
        if not lines:
            raise CorpusError(f"{path}: no text in it")
        share = script_share(config.language, ((line, 1) for line in lines))
        if share is not None and not share.fits:
            reason = share.warning(str(path)).removeprefix("warning: ")
            raise CorpusError(f"{reason} give the text of {config.language}")


def own_module(model: str, language: str) -> str | None:
    """The module of a language in a model that was trained with modules; None without."""
    path = Path(model) / "config.json"
    if not path.is_file():
        return None
    try:
        names = json.loads(path.read_text(encoding="utf-8")).get("languages") or []
    except (ValueError, AttributeError):  # said better where the model is loaded
        return None
    return same_language([str(name) for name in names], language)


def _identity(record: RunRecord) -> dict[str, Any]:
    """The settings and digests that a resumed run must share with its beginning."""
    settings = deciding(ExtendConfig, record.settings)
    for name in ("model", "tokenizer"):
        if settings.get(name) and Path(str(settings[name])).is_dir():
            settings[name] = sha256(Path(str(settings[name])))
    inputs = {path: about["sha256"] for path, about in record.inputs.items()}
    identity: dict[str, Any] = json.loads(json.dumps({**settings, "inputs": inputs}))
    return identity
