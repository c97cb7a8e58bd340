"""The word vectors of the new language in the space of a known one: `align hub`, started here."""

from __future__ import annotations

from pathlib import Path

from x2static.commands import COMMANDS, load
from x2static.core.config import configured
from x2static.core.text.lexicon import read_lexicon
from x2static.extend.config import ExtendConfig

_MAPPED, _LEXICON = "mapped", "lexicon.txt"


def into_one_space(config: ExtendConfig, work: Path) -> Path:
    """The folder of the mapped vectors of the new language.

    With a dictionary the hub's own default decides on held-out pairs, also whether vectors that
    came aligned stay as they are; without one, words that are spelled alike are the first pairs.

    Args:
        config: the settings.
        work: a folder for what is made on the way.

    Raises:
        WorkbenchError: as by `align hub`.
    """
    (known, known_path), (new, new_path) = config.named_vectors()
    seeds = {"seeds": "identical"}
    if config.lexicon is not None:
        turned = read_lexicon(config.lexicon).inverse()
        lines = (f"{source}\t{target}\n" for source, target in turned)
        (work / _LEXICON).write_text("".join(lines), encoding="utf-8")
        seeds = {"lexicons": str(work / _LEXICON)}
    settings = configured(
        load(COMMANDS["align hub"].config),
        hub=f"{known}={known_path}",
        spokes=(f"{new}={new_path}",),
        output=work / _MAPPED,
        output_format="safetensors",
        seed=config.seed,
        overwrite=True,
        **seeds,
    )
    load(COMMANDS["align hub"].stage)(settings)
    return work / _MAPPED / new
