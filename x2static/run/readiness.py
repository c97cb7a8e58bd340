"""What a task needs beside its files, looked at before any work: packages, models, a network.

The remedies name keys of the workbench file, since that is what its user edits.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

from x2static.commands import evaluations
from x2static.core.errors import WorkbenchError
from x2static.core.evaluation import Pipeline
from x2static.prepare.config import PrepareConfig
from x2static.prepare.languages import default_tokenizer
from x2static.prepare.tokenizers.udpipe_model import is_downloadable, local_model, model_url
from x2static.run.plan.graph import Task

_TORCH = (("torch", "distill"), ("transformers", "distill"))
_TOKENIZERS = {
    "udpipe": (("ufal.udpipe", "udpipe"), ("spacy_udpipe", "udpipe")),
    "icu": (("icu", "icu"),),
    "icu-tokenizer": (("icu", "icu"),),
    "fugashi": (("fugashi", "japanese"), ("unidic_lite", "japanese"), ("icu", "icu")),
    "jieba": (("jieba", "chinese"), ("icu", "icu")),
    "kiwi": (("kiwipiepy", "korean"), ("icu", "icu")),
    "underthesea": (("underthesea", "vietnamese"), ("icu", "icu")),
}
_MODEL_KEYS = {"extend": "teacher", "distill": "teacher", "pretrain": "model", "represent": "model"}
_WAYS_OUT = {
    "prepare": 'set tokenizer = "icu" or "whitespace" for the language',
    "align": 'set seeds = "lexicon" under [align]',
}


def obstacles(task: Task) -> list[str]:
    """Why a task is going to fail, as far as that can be seen now; each with its remedy."""
    found = [_missing(task.table, *pair) for pair in _packages(task) if not _is_there(pair[0])]
    if found and _may_fall_back(task):  # ICU takes UDPipe's place
        found = [_missing(task.table, "icu", "icu")] if not _is_there("icu") else []
    elif not found and task.table == "prepare" and not _may_fall_back(task):
        found = list(_udpipe_model(task))
    if not found and (task.table in _MODEL_KEYS or _reads_model(task.table)):
        found = list(_hub_model(task))
    return found


def downloads(task: Task) -> str | None:
    """What a task is going to fetch first, where that is known."""
    if task.table != "prepare" or not _wants_udpipe_model(task.config):
        return None
    try:
        model = local_model(task.config.language)
        if model.is_file():
            return None
        if not _may_fall_back(task) or is_downloadable(model.name):
            return f"downloads {model_url(model.name)}"
    except WorkbenchError:
        pass
    return "no UDPipe model within reach: ICU cuts the text"


def _may_fall_back(task: Task) -> bool:
    """Whether UDPipe is a mere default, whose place ICU takes."""
    if task.table != "prepare" or task.config.tokenizer != "auto":
        return False
    return _wants_udpipe_model(task.config)


def _packages(task: Task) -> Iterator[tuple[str, str]]:
    """(module, extra) of each package that the task imports."""
    config = task.config
    if task.table == "prepare":
        yield from _TOKENIZERS.get(_tokenizer(config), ())
    elif task.table in ("distill", "represent") or _reads_model(task.table):
        yield from _TORCH
    elif task.table == "extend":
        yield from (*_TORCH, ("accelerate", "pretrain"))
        if config.init == "focus":
            yield "gensim", "gensim"
    elif task.table == "pretrain":
        yield from (*_TORCH, ("accelerate", "pretrain"))
        if "tensorboard" in config.log_to:
            yield "tensorboard", "tensorboard"
    elif task.table == "align" and config.learns:
        yield from (("threadpoolctl", "align"), ("numba", "align"))
    if pipeline := _pipeline(task.table):
        yield from pipeline.packages(config)


def _pipeline(table: str) -> Pipeline | None:
    """How the evaluation with this table of settings is run; None for other stages."""
    return next((one.pipeline for one in evaluations().values() if one.table == table), None)


def _reads_model(table: str) -> bool:
    pipeline = _pipeline(table)
    return pipeline is not None and pipeline.reads_model


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it
        return False


def _missing(table: str, module: str, extra: str) -> str:
    pipeline = _pipeline(table)
    advice = pipeline.way_out if pipeline else _WAYS_OUT.get(table)
    way_out = f", or {advice}" if advice else ""
    package = module.partition(".")[0] if module != "ufal.udpipe" else module
    return f"needs the package {package}: pip install 'x2static-workbench[{extra}]'{way_out}"


def _tokenizer(config: PrepareConfig) -> str:
    if config.tokenizer != "auto":
        return config.tokenizer
    return "udpipe" if config.udpipe_model else default_tokenizer(config.language)


def _wants_udpipe_model(config: PrepareConfig) -> bool:
    return config.udpipe_model is None and _tokenizer(config) == "udpipe"


def _udpipe_model(task: Task) -> Iterator[str]:
    config = task.config
    if not _wants_udpipe_model(config):
        return
    place = f"languages.{task.language}"
    ways_out = (
        f'set udpipe_model = "FILE" under [{place}.prepare], or tokenizer = "icu" under [{place}]'
    )
    try:
        model = local_model(config.language)
    except WorkbenchError:  # its own message speaks of flags
        yield f"spacy-udpipe knows no UDPipe model for '{config.language}': {ways_out}"
        return
    if not model.is_file() and not is_downloadable(model.name):
        yield (
            f"no UDPipe model for '{config.language}', and {model_url(model.name)} cannot be "
            f"reached: {ways_out}, or copy the file to {model}"
        )


def _hub_model(task: Task) -> Iterator[str]:
    """A model by its name on the Hugging Face hub that is neither here nor may be fetched."""
    key = _MODEL_KEYS.get(task.table, "teacher")
    model = str(getattr(task.config, "teacher", None) or getattr(task.config, "model", None) or "")
    if not model or Path(model).exists() or model in task.inputs:
        return
    from huggingface_hub import try_to_load_from_cache

    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
    if offline and not isinstance(try_to_load_from_cache(model, "config.json"), str):
        yield (
            f"the model {model} is not in the cache of Hugging Face, and HF_HUB_OFFLINE is set: "
            f"give a folder as '{key}', or allow the download"
        )
