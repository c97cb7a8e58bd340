"""The commands ``extend show``, ``extend export`` and ``extend merge``."""

from __future__ import annotations

from typing import Any

from x2static.core.errors import ConfigError, require
from x2static.core.outcome import Outcome
from x2static.core.storage.outputs import Outputs
from x2static.core.storage.run_record import RunRecord
from x2static.extend.folder.config import ExtendExportConfig, MergeConfig, ShowConfig
from x2static.extend.folder.inspection import ModelFolder
from x2static.extend.output import copy_base, copy_languages
from x2static.teacher.added.places import AddedLanguage, added_languages, find_added


def show(config: ShowConfig) -> Outcome:
    """A line for each language that was added to a model."""
    _require()
    folder = ModelFolder(config.model)
    rows = [folder.row(language) for language in folder.languages.values()]
    return Outcome("\n".join(map(_stated, rows)), {"languages": rows})


def export(config: ExtendExportConfig) -> Outcome:
    """Write a model in an added language, its vocabulary in the place of the model's own."""
    _require()
    from x2static.teacher.loading.model_folder import save_model
    from x2static.teacher.loading.modular import SHARED
    from x2static.teacher.modules import has_modules, speak
    from x2static.teacher.speaker import Speaker

    folder = ModelFolder(config.model)
    language = _wanted(folder, config.language)
    outputs = Outputs("extend export", inputs=[config.model], overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=True)
    record = RunRecord("extend export", config, [language.path])
    model, own = folder.base
    speaker = Speaker(str(config.model), model, own)
    tokenizer = speaker.speak(language.code)
    if has_modules(model):
        _keep_module(model, speak(model, language.code, str(config.model)) or SHARED)
    with outputs.together() as batch:
        with batch.stage(config.output) as temporary:
            temporary.mkdir()
            save_model(model, tokenizer, temporary)
        batch.record(record, config.output)
    return Outcome(
        f"{config.output}: a plain model in {language.code}, {len(tokenizer):,} pieces",
        record.as_dict(),
    )


def merge(config: MergeConfig) -> Outcome:
    """Write a model with the languages of several folders, each of which must be of this model."""
    _require()
    target = ModelFolder(config.model)
    outputs = Outputs(
        "extend merge", inputs=[config.model, *config.others], overwrite=config.overwrite
    )
    outputs.claim(config.output, is_folder=True)
    found = added_languages(str(config.model))
    for path in config.others:
        for code, language in ModelFolder(path).languages.items():
            if config.languages and code not in config.languages:
                continue
            if code in found and not config.replace:
                raise ConfigError(
                    f"{language.path}: {found[code].path} is of the same language; pass --replace "
                    "to take this one, or name others with --languages"
                )
            target.check(language)
            found[code] = language
    for code in config.languages:
        if code not in found:
            raise ConfigError(f"--languages {code}: none of the folders has it")
    record = RunRecord("extend merge", config, [language.path for language in found.values()])
    with outputs.together() as batch:
        with batch.stage(config.output) as temporary:
            temporary.mkdir()
            copy_base(str(config.model), temporary)
            copy_languages(found.values(), temporary)
        batch.record(record, config.output)
    return Outcome(f"{config.output}: {', '.join(sorted(found))}", record.as_dict())


def _wanted(folder: ModelFolder, code: str) -> AddedLanguage:
    found = find_added(str(folder.path), code)
    if found is None:
        raise ConfigError(
            f"--language {code}: {folder.path} has {', '.join(folder.languages)}; add it with "
            "x2static extend"
        )
    return found


def _keep_module(model: Any, kept: str) -> None:
    """Leave one module in each block of a modular model."""
    for block in model.modules():
        if hasattr(block, "adapter_modules"):
            for name in [name for name in block.adapter_modules if name != kept]:
                del block.adapter_modules[name]
    model.config.languages = [kept]
    model.config.default_language = kept


def _stated(row: dict[str, Any]) -> str:
    parts = [f"{row['language']}: {row['pieces']:,} pieces, {row['megabytes']} MB"]
    if row["updates"] is not None:
        parts.append(f"{row['updates']:,} updates from {row['init']}")
    if row["mlm"] is not None:
        parts.append(f"MLM loss {row['mlm']:.3f}")
    if row["text"]:
        parts.append(f"from {', '.join(row['text'])}")
    if row["fault"]:
        parts.append(f"cannot be used: {row['fault']}")
    return ", ".join(parts)


def _require() -> None:
    for library in ("torch", "transformers"):
        require(library, "distill", "running a transformer")
