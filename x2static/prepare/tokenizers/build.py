"""Choose a tokenizer for a text, and build it."""

from __future__ import annotations

import importlib

from x2static.core.errors import WorkbenchError
from x2static.core.languages.language import base_of
from x2static.core.messages import warn
from x2static.prepare.config import PrepareConfig
from x2static.prepare.languages import default_tokenizer
from x2static.prepare.tokenizers.interface import Tokenizer, TokenizerPlan


def plan_tokenizer(config: PrepareConfig) -> TokenizerPlan:
    """The tokenizer that the settings ask for; finds or fetches a UDPipe model."""
    name: str = config.tokenizer
    is_free = name == "auto" and config.udpipe_model is None
    if name == "auto":
        name = "udpipe" if config.udpipe_model else default_tokenizer(config.language)
    if name != "udpipe":
        return TokenizerPlan(name=name, language=config.language)
    from x2static.prepare.tokenizers.udpipe_model import find_model

    try:
        model = find_model(config.language, config.udpipe_model)
    except WorkbenchError as error:
        if not is_free:
            raise
        why = str(error).partition(": pass ")[0].partition(": pip ")[0]
        warn(f"{why}; ICU cuts the text instead (--tokenizer udpipe insists)")
        return TokenizerPlan(name="icu", language=config.language)
    return TokenizerPlan(
        name=name,
        language=config.language,
        model=str(model),
        splits_multiwords=config.multiword == "split",
    )


# By the names of --tokenizer: module and class, which is made for a language; UDPipe has a model.
TOKENIZERS = {
    "icu": "icu:IcuTokenizer",
    "icu-tokenizer": "icu_package:IcuPackageTokenizer",
    "fugashi": "fugashi:FugashiTokenizer",
    "jieba": "jieba:JiebaTokenizer",
    "kiwi": "kiwi:KiwiTokenizer",
    "underthesea": "underthesea:UndertheseaTokenizer",
    "whitespace": "whitespace:WhitespaceTokenizer",
}


def build_tokenizer(plan: TokenizerPlan) -> Tokenizer:
    """A tokenizer ready to work; imports what it needs."""
    if plan.name == "udpipe":
        from x2static.prepare.tokenizers.udpipe import UdpipeTokenizer

        return UdpipeTokenizer(plan.model, splits_multiwords=plan.splits_multiwords)
    module, _, name = TOKENIZERS[plan.name].partition(":")
    kind = getattr(importlib.import_module(f"{__package__}.{module}"), name)
    tokenizer: Tokenizer = kind(plan.language)
    return tokenizer


def note_on_language(plan: TokenizerPlan) -> str | None:
    """A line for the user where ICU has never heard of the language, else None."""
    if plan.name not in ("icu", "icu-tokenizer"):
        return None
    import icu

    base = base_of(plan.language)
    if icu.Locale(base).getDisplayLanguage(icu.Locale("en")) != base:
        return None
    return f"language '{base}' is unknown to ICU: its general rules for words and sentences serve"
