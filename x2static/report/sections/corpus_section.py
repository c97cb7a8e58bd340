"""What went in: sentences, words, and what was dropped on the way."""

from __future__ import annotations

from x2static.page.html import Child, Html, element
from x2static.report.draw.tables import language, percent, table, whole
from x2static.report.read.run_folder import RunFolder, Table, number, text
from x2static.report.read.run_folder import table as as_table
from x2static.report.sections.score_sections import section

_DROPPED = {
    "sentences_in_dropped_paragraphs": "in short paragraphs",
    "sentences_too_short": "too short",
    "sentences_too_long": "too long",
    "sentences_duplicate": "duplicate",
    "sentences_not_sampled": "not sampled",
    "bad_lines": "bad lines",
    "overlong_lines": "overlong lines",
}


def corpus_section(run: RunFolder) -> Html | None:
    """Counters of `prepare` and of what made the vectors."""
    parts: list[Child] = []
    prepared = [(name, _prepare_record(run, name)) for name in run.languages]
    reasons = _reasons([record for _, record in prepared])
    rows = [_prepared(name, record, reasons) for name, record in prepared if record]
    if rows:
        heads = [
            "Language",
            "tokenizer",
            "sentences",
            "running words",
            *(f"left out: {_DROPPED[key]}" for key in reasons),
        ]
        parts += [element("h3", "Sentences"), table("Sentences", heads, rows, numbers_from=2)]
    made = [(name, run.record(f"vectors/{name}")) for name in run.languages]
    rows = [_vectors(name, record) for name, record in made if record]
    if rows:
        heads = ["Language", "teacher", "layer", "width", "sentences", "running words",
                 "words with vectors", "share of the text %", "minutes taken"]  # fmt: skip
        parts += [element("h3", "Vectors"), table("Vectors", heads, rows, numbers_from=2)]
    aligned = [
        (name, as_table(run.record(f"aligned/{name}").get("result"))) for name in run.languages
    ]
    rows = [
        [
            language(name, run.rejected),
            whole(number(row, "final_pairs")),
            *(percent(number(row, key)) for key in ("mutual_rate", "found_again", "lift")),
        ]
        for name, row in aligned
        if row
    ]
    if rows:
        heads = ["Language", "pairs learned from", "mutual neighbours %", "found again %", "lift %"]
        note = (
            "Mutual neighbours: share of frequent words whose nearest word of the hub chooses them "
            "back. Found again: share of these pairs that a rotation learned from half of them "
            "finds in the other half. Lift: how far nearest words are nearer than after a random "
            "rotation, on the way to 100."
        )
        if run.rejected:
            note += (
                " Where an alignment was rejected, the pairs were learned from, but the vectors "
                "score better as they are and were written unaligned; the figures are of the map "
                "that is not used."
            )
        parts += [
            element("h3", "Alignment"),
            element("p", note, class_="soft small"),
            table("Alignment", heads, rows),
        ]
    if not parts:
        return None
    note = "From text to vectors to one space; all sentences left out are counted, with the reason."
    return section("corpora", "What went in", note, parts)


def _prepare_record(run: RunFolder, name: str) -> Table:
    for suffix in (".txt", ".txt.gz"):
        if record := run.read(run.root / "sentences" / f"{name}{suffix}.run.json"):
            return record
    return {}


def _reasons(records: list[Table]) -> list[str]:
    """Those that dropped anything anywhere."""
    counts = [as_table(record.get("counts")) for record in records]
    return [key for key in _DROPPED if any(number(one, key) for one in counts)]


def _prepared(name: str, record: Table, reasons: list[str]) -> list[Child]:
    counts = as_table(record.get("counts"))
    return [
        language(name),
        text(record, "tokenizer"),
        whole(number(counts, "sentences_written")),
        whole(number(counts, "tokens_written")),
        *(whole(number(counts, key)) for key in reasons),
    ]


def _vectors(name: str, record: Table) -> list[Child]:
    counts, resolved = as_table(record.get("counts")), as_table(record.get("resolved"))
    settings = as_table(record.get("settings"))
    tokens, learnable = number(counts, "tokens"), number(counts, "learnable_tokens")
    share = learnable / tokens if tokens and learnable is not None else None
    seconds = number(record, "seconds")
    return [
        language(name),
        element("code", text(settings, "teacher") or "–"),
        whole(number(resolved, "layer")),
        whole(number(resolved, "width")),
        whole(number(counts, "sentences")),
        whole(tokens),
        whole(number(counts, "vocabulary")),
        percent(share),
        "–" if seconds is None else f"{seconds / 60:.1f}",
    ]
