"""``x2static pretrain --groups``: one model per group of languages, each a run of its own.

OUTPUT/group-1, group-2 ...       models of the groups
OUTPUT/random-1-1, random-1-2 ... models of random groups of the same sizes
OUTPUT/all                        the model of all languages
OUTPUT/models.json                languages of each model
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from continued_pretraining.config import PretrainConfig
from x2static.core.errors import ConfigError, OutputError
from x2static.core.languages.language_name import check_language_name
from x2static.core.outcome import Outcome
from x2static.core.storage.files import describe_os_error, staged
from x2static.core.text.sources import find_sources

_MODELS = "models.json"
Stage = Callable[[PretrainConfig], Outcome]


def pretrain_groups(config: PretrainConfig, stage: Stage) -> Outcome:
    """Train one model after the other; ``--resume`` goes on with the first that is not finished.

    Args:
        config: with ``groups``.
        stage: trains one model.
    """
    runs = planned(config)
    _check_folder(config)
    about: dict[str, Any] = {}
    lines = []
    for name, languages, settings in runs:
        outcome = stage(settings)
        lines.append(f"{name} ({' '.join(languages)}): {outcome.text}")
        if outcome.data.get("stopped"):
            return Outcome("\n".join(lines), outcome.data)
        about[name] = {"languages": languages, "record": outcome.data}
    models = {name: one["languages"] for name, one in about.items()}
    with staged(config.output / _MODELS, own=True) as temporary:
        content = {"command": "pretrain", "models": models}
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    return Outcome("\n".join(lines), {"models": about})


def planned(config: PretrainConfig) -> list[tuple[str, list[str], PretrainConfig]]:
    """(name, languages, settings) of each model.

    Raises:
        ConfigError: a file that is no groups.json, a language of --text in no group, or in two.
    """
    text = find_sources(config.text, "--text")
    vectors = find_sources(config.vectors, "--vectors")
    content = _read(config.groups or Path())
    groups = [(name, languages) for name, languages in content["groups"]]
    if "random" in config.controls:
        groups += content["random"]
    if "all" in config.controls:
        groups.append(("all", list(text)))
    placed = [code for _, languages in content["groups"] for code in languages]
    missing = [code for code in text if code not in placed]
    if missing:
        raise ConfigError(
            f"--text has {' '.join(missing)}, which no group of {config.groups} has; leave it out, "
            "or cluster again"
        )
    runs = []
    for name, languages in groups:
        mine = [code for code in languages if code in text]
        if not mine:
            continue
        settings = dataclasses.replace(
            config,
            groups=None,
            controls=(),
            output=config.output / name,
            text=_explicit(text, mine),
            vectors=_explicit(vectors, mine),
        )
        runs.append((name, mine, settings))
    return runs


def _explicit(files: dict[str, list[Path]], languages: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{code}={path}" for code in languages for path in files.get(code, ()))


def _read(path: Path) -> dict[str, list[tuple[str, list[str]]]]:
    """Groups and the first set of random ones, as (name, languages)."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = {
            key: [(str(one["name"]), [str(code) for code in one["languages"]]) for one in some]
            for key, some in (("groups", data["groups"]), ("random", data["random"][0]))
        }
    except OSError as error:
        raise ConfigError(f"--groups {describe_os_error(path, error)}") from error
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise ConfigError(f"--groups {path}: no groups.json of languages cluster") from error
    for some in found.values():
        codes = [code for _, languages in some for code in languages]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise ConfigError(f"--groups {path}: {' '.join(twice)} is in two groups")
        for name in [name for name, _ in some]:
            check_language_name(name, f"--groups {path}")
    return found


def _check_folder(config: PretrainConfig) -> None:
    """The models' folder is nobody else's."""
    folder = config.output
    if not folder.exists() or (folder / _MODELS).exists():
        return
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError as error:
        raise OutputError(describe_os_error(folder, error)) from error
    ours = ("group-", "random-", "all", ".")
    foreign = sorted(name for name in names if not name.startswith(ours))
    if foreign:
        raise OutputError(
            f"{folder} holds {foreign[0]}, which no run of --groups made; choose another --output"
        )
