"""The alignment loss that settings and vector files ask for."""

from __future__ import annotations

from collections.abc import Sequence

from continued_pretraining.config import CORRELATIONS, PretrainConfig
from continued_pretraining.model.masked_model import MaskedModel
from continued_pretraining.objectives.word_alignment.alignment import Aligner
from continued_pretraining.objectives.word_alignment.occurrences import WordFinder
from continued_pretraining.objectives.word_alignment.state_map import StateMap
from continued_pretraining.objectives.word_alignment.statistic import Statistic, fading_for
from continued_pretraining.objectives.word_alignment.word_pool import LanguageWords
from continued_pretraining.objectives.word_alignment.word_sampler import FrequencySampler
from continued_pretraining.processes import Processes
from continued_pretraining.text.batch import Frame
from continued_pretraining.text.sampling import Sampler
from continued_pretraining.text.tokenizer import LineTokenizer
from x2static.core.errors import ConfigError
from x2static.teacher.encoder import resolve_layer

_WORD_SEED = 1_000_003  # words are drawn apart from text
_ROWS_PER_DIMENSION = 24  # chance is about 0.85 / sqrt(this) of all that dcca can reach: 17 %


def make_aligner(
    config: PretrainConfig,
    languages: Sequence[str],
    words: list[LanguageWords],
    tokenizer: LineTokenizer,
    model: MaskedModel,
    frame: Frame,
    budget: int,
    processes: Processes,
) -> Aligner:
    """An aligner of some words.

    Args:
        config: the settings.
        languages: those of the text.
        words: what is aligned, by language.
        tokenizer: tells where words begin in a text.
        model: whose states are aligned.
        frame: what stands around a word.
        budget: pieces at a time.
        processes: those that share the work.

    Raises:
        ConfigError: widths that differ, or no word of the languages of the text.
    """
    width = _common_width(words)
    stream = FrequencySampler if config.word_sampling == "frequency" else Sampler
    sampler = stream(
        [len(w) for w in words], config.flatness, config.seed + _WORD_SEED, config.validation_words
    )
    memory = config.memory or 0
    if config.memory is None and not config.repeat_faults:
        memory = _ROWS_PER_DIMENSION * max(width, model.width)
    statistic = Statistic(
        config.loss,
        processes,
        _map(config, model, width),
        config.components,
        config.ridge,
        config.contrast,
        fading_for(memory, config.align_batch),
        tuple(name for name in config.repeat_faults if name != "padding"),
    )
    finders = _finders(languages, words, tokenizer) if config.words == "context" else None
    block = resolve_layer(config.align_layer, model.depth)
    return Aligner(
        model, words, sampler, statistic, processes, frame, config.pool, block,
        config.align_batch, budget, config.weight, config.seed, finders,
        "padding" in config.repeat_faults,
    )  # fmt: skip


def _common_width(words: list[LanguageWords]) -> int:
    widths = {w.language: w.width for w in words}
    if len(set(widths.values())) > 1:
        shown = ", ".join(f"{language} {width}" for language, width in widths.items())
        raise ConfigError(
            f"--vectors: all languages must share one space, but their widths differ: {shown}"
        )
    return words[0].width


def _map(config: PretrainConfig, model: MaskedModel, width: int) -> StateMap | None:
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
    languages: Sequence[str], words: list[LanguageWords], tokenizer: LineTokenizer
) -> list[tuple[int, WordFinder] | None]:
    """What finds the words of each language in its text, with the language's number among words."""
    number_of = {w.language: number for number, w in enumerate(words)}
    if not any(language in number_of for language in languages):
        raise ConfigError(
            "--words context: no language has both text and vectors: --text has "
            f"{', '.join(languages)}, --vectors {', '.join(number_of)}"
        )
    finders: list[tuple[int, WordFinder] | None] = []
    for language in languages:
        number = number_of.get(language)
        if number is None:
            finders.append(None)
        else:
            finders.append((number, WordFinder(words[number], tokenizer.begins_word)))
    return finders
