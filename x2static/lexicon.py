"""``x2static lexicon``: a dictionary from sentence pairs, or from the box."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from x2static.core.config import require_at_least, require_at_most
from x2static.core.errors import ConfigError
from x2static.core.outcome import Outcome
from x2static.core.setting import Help, free, place

_BITEXT = (
    "de-en=FILE: sentence pairs, source language first; FILE holds text TAB translation, or is "
    "ONE,OTHER (aligned line by line), or SOURCE/{}.tsv (key TAB sentence, {} for the language)"
)


@dataclass(frozen=True, kw_only=True)
class LexiconConfig:
    """Make a dictionary of single words from sentence pairs, or write one that is in the box."""

    HELP: ClassVar[Help] = Help(
        example="x2static lexicon --bitext de-en=pairs.tsv --output de-en.txt",
        inputs="bitext",
    )

    output: Annotated[Path, place("dictionary to write, one pair per line, most certain first")]
    bitext: Annotated[tuple[str, ...], _BITEXT] = ()
    cldr: Annotated[str, "two languages, such as de-en: words from the names of emoji"] = ""
    least_share: Annotated[
        float, "minimum share of each word's occurrences linked to the other word"
    ] = 0.2
    least_count: Annotated[float, "minimum number of links between two words"] = 2.0
    overwrite: Annotated[bool, free("replace the output where it exists")] = False

    def __post_init__(self) -> None:
        from x2static.core.lexicons.name import parse_bitext

        require_at_least("--least-share", self.least_share, 0)
        require_at_most("--least-share", self.least_share, 1)
        require_at_least("--least-count", self.least_count, 0)
        if bool(self.bitext) == bool(self.cldr):
            raise ConfigError("give sentence pairs (--bitext de-en=FILE) or --cldr de-en")
        codes = {parse_bitext(text)[0] for text in self.bitext}
        if len(codes) > 1:
            named = ", ".join("-".join(pair) for pair in sorted(codes))
            raise ConfigError(f"--bitext: one dictionary has one pair of languages, got {named}")


def lexicon(config: LexiconConfig) -> Outcome:
    """Read, learn, write."""
    from x2static.core.lexicons.name import files_of, parse_bitext
    from x2static.core.storage.outputs import Outputs
    from x2static.core.storage.run_record import RunRecord

    named = [parse_bitext(text) for text in config.bitext]
    inputs = [file for codes, path in named for file in files_of(path, codes)]
    outputs = Outputs("lexicon", inputs=inputs, overwrite=config.overwrite)
    outputs.claim(config.output, is_folder=False)
    record = RunRecord("lexicon", config, inputs)
    pairs, data = _learned(config) if config.bitext else _from_box(config)
    record.counts = data
    with outputs.together() as batch:
        with batch.stage(config.output) as temporary:
            lines = (f"{source}\t{target}\n" for source, target in pairs)
            temporary.write_text("".join(lines), encoding="utf-8", newline="\n")
        batch.record(record, config.output)
    text = f"{config.output}: {data['pairs']:,} pairs of {data['words']:,} words"
    if "sentences" in data:
        text += f", from {data['used']:,} of {data['sentences']:,} sentence pairs"
        text += "".join(f"; {count:,} {why}" for why, count in data["dropped"].items())
    return Outcome(text, {"output": str(config.output), **data})


def _learned(config: LexiconConfig) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    from x2static.core.lexicons.from_bitext import learned

    found = learned(config.bitext, config.least_share, config.least_count)
    counts = {"sentences": found.sentences, "used": found.used, "dropped": found.dropped}
    return list(found.lexicon), {**_sizes(found.lexicon.pairs), **counts}


def _from_box(config: LexiconConfig) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    from x2static.core.lexicons.cldr import cldr_lexicon

    found = cldr_lexicon(f"cldr:{config.cldr}")
    return list(found), _sizes(found.pairs)


def _sizes(pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {"pairs": len(pairs), "words": len({source for source, _ in pairs})}
