"""``x2static report``: a run folder in, one page out."""

from __future__ import annotations

from pathlib import Path

from x2static.core.errors import ConfigError, OutputError
from x2static.core.files import staged
from x2static.core.outcome import Outcome
from x2static.report.config import ReportConfig
from x2static.report.page import Pieces, page
from x2static.report.remarks import remarks
from x2static.report.run_folder import RunFolder
from x2static.report.score_rows import pairs
from x2static.report.spaces import Space, read_space
from x2static.report.word_choice import example_words
from x2static.report.word_examples import Atlas, Example, atlas, examples
from x2static.report.word_sections import MOST_LANGUAGES

MARK = '<meta name="generator" content="x2static">'
_SHOWN_LANGUAGES = 6


def report(config: ReportConfig) -> Outcome:
    """Gather what the folder holds and write the page."""
    output = config.output or config.run / "report.html"
    run = RunFolder.open(config.run)
    _refuse_foreign(output, overwrite=config.overwrite)
    spaces = [read_space(run, name, config.vocabulary) for name in ("vectors", "aligned")]
    spaces = [space for space in spaces if space.languages]
    hub, found, words = _words(config, run, spaces)
    bli, retrieval = pairs(run, "bli"), pairs(run, "retrieval")
    pieces = Pieces(
        run=run, hub=hub, spaces=spaces, bli=bli, retrieval=retrieval, examples=found,
        atlas=words, vocabulary=config.vocabulary, remarks=remarks(run, bli, retrieval),
    )  # fmt: skip
    text, missing = page(pieces)
    with staged(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    failures = sum(one.is_failure for one in pieces.remarks)
    doubts = len(pieces.remarks) - failures
    size = output.stat().st_size
    lines = [f"{output}: {size / 1000:,.0f} kB, {failures} failures, {doubts} warnings"]
    if missing:
        lines.append(f"not in the folder, so not on the page: {', '.join(missing)}")
    data = {
        "output": str(output), "bytes": size, "languages": list(run.languages), "hub": hub,
        "failures": failures, "warnings": doubts, "missing": missing,
    }  # fmt: skip
    return Outcome("\n".join(lines), data)


def _refuse_foreign(output: Path, *, overwrite: bool) -> None:
    """A page of an earlier report is replaced; another file only when told so."""
    if overwrite or not output.exists():
        return
    try:
        with output.open(encoding="utf-8", errors="replace") as stream:
            is_ours = MARK in stream.read(4096)
    except OSError:
        is_ours = False
    if not is_ours:
        raise OutputError(
            f"{output} exists and no report made it; choose another --output or pass --overwrite"
        )


def _words(
    config: ReportConfig, run: RunFolder, spaces: list[Space]
) -> tuple[str | None, list[Example], Atlas | None]:
    """The hub, its example words with their neighbours, and the map."""
    if not spaces:
        if config.words:
            raise ConfigError(f"{config.run}: no vectors, so --words cannot be looked up")
        return run.hub, [], None
    last = spaces[-1]
    hub = run.hub if run.hub in last.languages else next(iter(last.languages))
    vectors = last.languages[hub].vectors
    unknown = [word for word in config.words if any(
        hub in space.languages and word not in space.languages[hub].vectors for space in spaces
    )]  # fmt: skip
    if unknown:
        raise ConfigError(
            f"--words: '{unknown[0]}' is not among the {len(vectors):,} most frequent words of "
            f"{hub}; give other words, or a larger --vocabulary"
        )
    words = list(config.words) or example_words(run, hub, vectors, config.num_words)
    languages = _map_languages(config, spaces, hub)
    found = examples(spaces, hub, words, config.top)
    return run.hub or hub, found, atlas(spaces, languages, config.map_words, config.seed)


def _map_languages(config: ReportConfig, spaces: list[Space], hub: str) -> list[str]:
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
    others = [name for name in in_all or last.languages if name != hub]
    return ([hub] if hub in (in_all or last.languages) else []) + others[: _SHOWN_LANGUAGES - 1]
