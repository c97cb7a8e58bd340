"""``x2static report``: a run folder in, one page out."""

from __future__ import annotations

from pathlib import Path

from x2static.core.errors import ConfigError
from x2static.core.outcome import Outcome
from x2static.core.progress import doing
from x2static.core.storage.outputs import Outputs
from x2static.report.config import ReportConfig
from x2static.report.draw.tables import counted
from x2static.report.page import PageParts, page
from x2static.report.read.run_folder import RunFolder
from x2static.report.read.score_rows import measured
from x2static.report.read.spaces import Space, read_spaces
from x2static.report.read.word_choice import example_words
from x2static.report.read.word_examples import Atlas, Example, atlas, examples
from x2static.report.sections.word_sections import MOST_LANGUAGES

MARK = '<meta name="generator" content="x2static">'
_SHOWN_LANGUAGES = 6


def report(config: ReportConfig) -> Outcome:
    """Gather what the folder holds and write the page."""
    output = config.output or config.run / "report.html"
    run = RunFolder.open(config.run)
    outputs = Outputs("report", inputs=_read_files(config.run), overwrite=config.overwrite)
    outputs.claim(output, is_folder=False, renews=True, is_ours=_is_page)
    spaces = read_spaces(run, config.vocabulary)
    home, found, words = _words(config, run, spaces)
    pieces = PageParts(
        run=run,
        home=home,
        spaces=spaces,
        scores=measured(run),
        examples=found,
        atlas=words,
        vocabulary=config.vocabulary,
    )
    text, missing, remarks = page(pieces)
    with outputs.together() as batch, batch.stage(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    failures = sum(one.is_failure for one in remarks)
    doubts = len(remarks) - failures
    size = output.stat().st_size
    said = f"{counted(failures, 'failure')}, {counted(doubts, 'warning')}"
    lines = [f"{output}: {size / 1000:,.0f} kB, {said}"]
    if missing:
        lines.append(f"not in the folder, so not on the page: {', '.join(missing)}")
    data = {
        "output": str(output),
        "bytes": size,
        "languages": list(run.languages),
        "hub": run.hub,
        "failures": failures,
        "warnings": doubts,
        "missing": missing,
    }
    return Outcome("\n".join(lines), data)


def _read_files(run: Path) -> list[Path]:
    """What the page is made of: all in the folder but pages."""
    return [place for place in sorted(run.iterdir()) if place.suffix != ".html"]


def _is_page(output: Path) -> bool:
    """Whether an earlier report wrote this file."""
    try:
        with output.open(encoding="utf-8", errors="replace") as stream:
            return MARK in stream.read(4096)
    except OSError:
        return False


def _words(
    config: ReportConfig, run: RunFolder, spaces: list[Space]
) -> tuple[str, list[Example], Atlas | None]:
    """The language of the example words, the words with their neighbours, and the map.

    The language is the hub; without its vectors, the first that has any.
    """
    if not spaces:
        if config.words:
            raise ConfigError(f"{config.run}: no vectors, so --words cannot be looked up")
        return "", [], None
    last = spaces[-1]
    home = run.hub if run.hub in last.languages else next(iter(last.languages))
    vectors = last.languages[home].vectors
    unknown = [
        word
        for word in config.words
        if any(
            home in space.languages and word not in space.languages[home].vectors
            for space in spaces
        )
    ]
    if unknown:
        raise ConfigError(
            f"--words: '{unknown[0]}' is not among the {len(vectors):,} most frequent words of "
            f"{home}; give other words, or a larger --vocabulary"
        )
    words = list(config.words) or example_words(run, home, vectors, config.num_words)
    languages = _map_languages(config, spaces, home)
    doing("looking for neighbours of the example words")
    found = examples(spaces, home, words, config.top)
    doing("drawing the map of words")
    return home, found, atlas(spaces, languages, config.map_words, config.seed)


def _map_languages(config: ReportConfig, spaces: list[Space], home: str) -> list[str]:
    last = spaces[-1]
    for name in config.map_languages:
        if name not in last.languages:
            known = ", ".join(last.languages)
            raise ConfigError(f"--map-languages: no vectors of '{name}'; there are: {known}")
    if len(config.map_languages) > MOST_LANGUAGES:
        raise ConfigError(
            f"--map-languages: at most {MOST_LANGUAGES}, got {len(config.map_languages)}"
        )
    if config.map_languages:
        return list(config.map_languages)
    in_all = [name for name in last.languages if all(name in space.languages for space in spaces)]
    others = [name for name in in_all or last.languages if name != home]
    return ([home] if home in (in_all or last.languages) else []) + others[: _SHOWN_LANGUAGES - 1]
