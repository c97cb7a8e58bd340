"""Settings of ``x2static prepare``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from x2static.core.config import require_at_least
from x2static.core.errors import ConfigError
from x2static.core.languages.language import check_code
from x2static.core.setting import Help, free, place
from x2static.core.text.text_input import MAX_LINE_BYTES

TokenizerName = Literal[
    "auto",
    "udpipe",
    "icu",
    "icu-tokenizer",
    "fugashi",
    "jieba",
    "kiwi",
    "underthesea",
    "whitespace",
]
RulesName = Literal["paper", "letters", "bommasani", "gupta-jaggi", "all"]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is kept.

    Attributes:
        min_sentences: a paragraph of fewer sentences is dropped whole.
        min_characters: a paragraph of fewer characters is dropped whole.
        min_tokens: a sentence of fewer tokens is dropped.
        max_tokens: a sentence of more tokens is dropped; 0 means no limit.
        min_letters: a sentence of fewer tokens stays if it has so many letters, for languages
            whose words say more; 0: none does.
    """

    min_sentences: int = 1
    min_characters: int = 0
    min_tokens: int = 1
    max_tokens: int = 0
    min_letters: int = 0


RULES: dict[str, Rules] = {
    "paper": Rules(min_sentences=2, min_tokens=7),  # Haemmerl et al. 2022, appendix B
    "letters": Rules(min_sentences=2, min_tokens=7, min_letters=30),
    "bommasani": Rules(min_tokens=7, max_tokens=75),  # Bommasani et al. 2020
    "gupta-jaggi": Rules(min_sentences=3, min_characters=140),  # Gupta and Jaggi 2021
    "all": Rules(),
}


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """Turn raw text of a language into one tokenized sentence per line.

    The text holds one paragraph per line. Sentences are sampled evenly from all of it, and a blank
    line stands between paragraphs. The run record counts what was dropped and why.
    """

    HELP: ClassVar[Help] = Help(
        example="x2static prepare --language de --input raw.txt.gz --output de.txt.gz",
        rare="udpipe_model multiword on_error max_line_bytes",
    )

    language: Annotated[str, "ISO code of the text's language, such as de, zh-Hans, rw"]
    input: Annotated[
        str, place("UTF-8 text, .gz/.xz/.zst too; a folder; - for stdin; hf:NAME[:CONFIG]")
    ]
    output: Annotated[Path, place("file to write; .gz, .xz and .zst compress it")]
    max_sentences: Annotated[int, "keep at most this many, sampled from the whole text; 0: all"] = (
        1_000_000
    )
    tokenizer: Annotated[TokenizerName, "splits text into sentences and words"] = "auto"
    udpipe_model: Annotated[
        Path | None, place("UDPipe model file (default: cache, else download)")
    ] = None
    multiword: Annotated[
        Literal["keep", "split"], "UDPipe: keep 'du' or split it into 'de le' as spacy-udpipe does"
    ] = "keep"
    lowercase: Annotated[bool, "write lower case"] = False
    rules: Annotated[RulesName, "published set of filters behind the next three"] = "paper"
    min_tokens: Annotated[int | None, "drop shorter sentences (rules paper: 7)"] = None
    max_tokens: Annotated[int | None, "drop longer sentences (rules paper: no limit, 0)"] = None
    min_letters: Annotated[
        int | None,
        "keep a shorter sentence with at least this many letters; a Chinese character"
        " counts as three, a Korean or Japanese one as two (rules letters: 30; "
        "others: 0, never)",
    ] = None
    min_sentences: Annotated[int | None, "drop paragraphs of fewer (rules paper: 2)"] = None
    elisions: Annotated[
        Literal["split", "keep"], "French, Italian, Catalan: l'acqua as two words or as one"
    ] = "split"
    clitics: Annotated[
        Literal["keep", "split"],
        "Arabic, Hebrew: clitics: kept attached, or split off where the spelling is clear",
    ] = "keep"
    deduplicate: Annotated[bool, "keep each sentence once"] = True
    on_error: Annotated[Literal["stop", "skip"], "lines that are not UTF-8 or too long"] = "stop"
    max_line_bytes: Annotated[int, "a longer line is an error"] = MAX_LINE_BYTES
    workers: Annotated[int, free("processes; 0: one per core")] = 0
    seed: Annotated[int, "of the sample"] = 0
    overwrite: Annotated[bool, free("replace an output that exists")] = False

    def __post_init__(self) -> None:
        check_code(self.language)
        for name in ("max_sentences", "workers", "seed"):
            require_at_least(f"--{name.replace('_', '-')}", getattr(self, name), 0)
        require_at_least("--max-line-bytes", self.max_line_bytes, 1)
        self._check_rules()
        if self.udpipe_model is not None and self.tokenizer not in ("auto", "udpipe"):
            raise ConfigError(f"--udpipe-model has no use with --tokenizer {self.tokenizer}")
        if self.input != "-" and Path(self.input) == self.output:
            raise ConfigError(f"--output {self.output} is the --input; choose another name")

    def resolved_rules(self) -> Rules:
        """The filters: the named rules, with what the user set apart from them."""
        named = RULES[self.rules]
        return Rules(
            min_sentences=_either(self.min_sentences, named.min_sentences),
            min_characters=named.min_characters,
            min_tokens=_either(self.min_tokens, named.min_tokens),
            max_tokens=_either(self.max_tokens, named.max_tokens),
            min_letters=_either(self.min_letters, named.min_letters),
        )

    def _check_rules(self) -> None:
        rules = self.resolved_rules()
        require_at_least("--min-tokens", rules.min_tokens, 1)
        require_at_least("--min-sentences", rules.min_sentences, 1)
        require_at_least("--max-tokens", rules.max_tokens, 0)
        require_at_least("--min-letters", rules.min_letters, 0)
        if 0 < rules.max_tokens < rules.min_tokens:
            raise ConfigError(
                f"--max-tokens {rules.max_tokens} is below --min-tokens {rules.min_tokens}"
            )
        if self.tokenizer == "whitespace" and rules.min_sentences > 1:
            raise ConfigError(
                "--tokenizer whitespace reads one sentence per line and knows no paragraphs: "
                "add --min-sentences 1"
            )


def _either(given: int | None, named: int) -> int:
    return named if given is None else given
